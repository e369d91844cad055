// What can be asked of a session about its files. The bytes themselves go past it, from and to the bucket.
import type { Result } from "../src/protocol/errors.ts";
import type { UploadedFile } from "../src/protocol/file.ts";
import type { Call, OwnFiles, Upload, UploadCall } from "./calls.ts";
import { MessageCalls } from "./message-calls.ts";

export abstract class FileCalls extends MessageCalls {
  /** Before the first byte: the session knows of the file from now on, and sees to it that nothing of it is left behind. */
  async beginUpload(call: UploadCall): Promise<Result<Upload>> {
    return await this.entrance.as(call, "uploadFile", ({ live, role }) =>
      live.files.begin(call, role, Date.now()),
    );
  }

  /** After the last: whoever may not upload any more has not uploaded it. */
  async finishUpload(call: Call, fileId: string): Promise<Result<UploadedFile>> {
    return await this.entrance.change(call, "uploadFile", ({ live, role }) => {
      live.touch(role);
      return live.files.finish(fileId, Date.now());
    });
  }

  /**
   * The upload came to nothing, and nobody was told of it. Whose it was is no matter: the Worker that asks made its id.
   * False where the session knows nothing of it, so that its bytes are the Worker's to delete.
   */
  async abandonUpload(fileId: string): Promise<boolean> {
    return (await this.entrance.live?.files.abandon(fileId, Date.now())) ?? false;
  }

  /** What there is to know of a file, for whoever may read it. */
  async getFile(call: Call, fileId: string): Promise<Result<UploadedFile>> {
    return await this.entrance.as(call, "downloadFile", ({ live }) => live.files.read(fileId));
  }

  async deleteFile(call: Call, fileId: string): Promise<Result<object>> {
    return await this.entrance.change(call, "deleteFile", ({ live, role }) =>
      live.files.delete(call, role, fileId, Date.now()),
    );
  }

  /** Which of these files are its own, whatever state they are in: what else the bucket has under its id is nobody's. */
  async ownsFiles(ids: readonly string[]): Promise<OwnFiles> {
    const live = this.entrance.known;
    if (live === undefined) {
      return { exists: false, wasPurged: this.entrance.wasPurged, files: [] };
    }
    return { exists: true, wasPurged: false, files: live.files.own(ids) };
  }
}
