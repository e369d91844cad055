import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addressProblem } from "../../src/delivery/webhook-address.ts";

const isRefused = (url: string, isLocalAllowed = false) =>
  addressProblem(url, isLocalAllowed) !== undefined;

test.each([
  "https://example.com/hook",
  "https://example.com:8443/hook?key=1",
  "https://EXAMPLE.com./",
  "https://localhost.example.com/",
  "https://xn--bcher-kva.example/",
  "https://8.8.8.8/",
  "https://[2606:4700::1111]/",
  "https://[::ffff:8.8.8.8]/",
  "https://[64:ff9b::808:808]/",
])("%s may be", (url) => {
  expect(addressProblem(url, false)).toBeUndefined();
});

describe("refused", () => {
  test.each([
    ["no URL", "example.com/hook"],
    ["no TLS", "http://example.com/"],
    ["another scheme", "ftp://example.com/"],
    ["a script", "javascript:alert(1)"],
    ["a file", "file:///etc/passwd"],
    ["a user", "https://user@example.com/"],
    ["a password", "https://user:secret@example.com/"],
    ["localhost", "https://localhost/"],
    ["localhost, in full", "https://localhost./"],
    ["localhost, with a dot too many", "https://localhost../"],
    ["loopback, with a dot too many", "https://127.0.0.1../"],
    ["a name with nothing in between", "https://example..com/"],
    ["localhost, in capitals", "https://LOCALHOST/"],
    ["below localhost", "https://a.localhost/"],
    ["a name of the local network", "https://printer.local/"],
    ["a name of a cloud's inside", "https://metadata.google.internal/"],
    ["a single label", "https://intranet/"],
    ["loopback", "https://127.0.0.1/"],
    ["loopback, elsewhere", "https://127.8.9.1/"],
    ["loopback, short", "https://127.1/"],
    ["loopback, decimal", "https://2130706433/"],
    ["loopback, octal", "https://0177.0.0.1/"],
    ["loopback, hexadecimal", "https://0x7f.0.0.1/"],
    ["loopback, in full-width digits", "https://１２７.0.0.1/"],
    ["nowhere", "https://0.0.0.0/"],
    ["private", "https://10.1.2.3/"],
    ["private too", "https://172.16.0.1/"],
    ["private as well", "https://192.168.1.1/"],
    ["a carrier's", "https://100.64.0.1/"],
    ["a cloud's metadata", "https://169.254.169.254/"],
    ["multicast", "https://224.0.0.1/"],
    ["broadcast", "https://255.255.255.255/"],
    ["documentation's", "https://192.0.2.1/"],
    ["benchmarks'", "https://198.18.0.1/"],
    ["IPv6 loopback", "https://[::1]/"],
    ["IPv6 nowhere", "https://[::]/"],
    ["IPv6 local", "https://[fe80::1]/"],
    ["IPv6 private", "https://[fd00::1]/"],
    ["IPv6 multicast", "https://[ff02::1]/"],
    ["IPv6 documentation's", "https://[2001:db8::1]/"],
    ["IPv4 in IPv6", "https://[::ffff:127.0.0.1]/"],
    ["IPv4 in IPv6, in hexadecimal", "https://[::ffff:a00:1]/"],
    ["IPv4 in IPv6, the old way", "https://[::127.0.0.1]/"],
    ["NAT64", "https://[64:ff9b::7f00:1]/"],
    ["NAT64, a network's own", "https://[64:ff9b:1::1]/"],
    ["6to4", "https://[2002:7f00:1::]/"],
    ["Teredo", "https://[2001::1]/"],
  ])("%s", (_, url) => {
    expect(isRefused(url)).toBe(true);
  });

  test("whatever private address, however it is written", () => {
    const octet = fc.nat(255);
    const address = fc.oneof(
      fc.tuple(fc.constant(10), octet, octet, octet),
      fc.tuple(fc.constant(127), octet, octet, octet),
      fc.tuple(fc.constant(172), fc.integer({ min: 16, max: 31 }), octet, octet),
      fc.tuple(fc.constant(192), fc.constant(168), octet, octet),
      fc.tuple(fc.constant(169), fc.constant(254), octet, octet),
    );
    const hex = (...octets: readonly number[]) =>
      octets.map((one) => one.toString(16).padStart(2, "0")).join("");
    fc.assert(
      fc.property(address, ([a, b, c, d]) => {
        const [high, low] = [hex(a, b), hex(c, d)];
        const forms = [
          [a, b, c, d].join("."),
          String(((a * 256 + b) * 256 + c) * 256 + d),
          `0x${hex(a, b, c, d)}`,
          [a, b, c, d].map((one) => `0${one.toString(8)}`).join("."),
          `${a}.${b}.${c * 256 + d}`,
          `[::ffff:${a}.${b}.${c}.${d}]`,
          `[::ffff:${high}:${low}]`,
          `[::${high}:${low}]`,
          `[64:ff9b::${high}:${low}]`,
          `[2002:${high}:${low}::]`,
        ];
        for (const form of forms) expect(isRefused(`https://${form}/`), form).toBe(true);
      }),
    );
  });
});

describe("in development", () => {
  test.each(["http://localhost:3000/hook", "http://127.0.0.1:3000/", "https://[::1]:3000/"])(
    "%s may be",
    (url) => {
      expect(isRefused(url, true)).toBe(false);
    },
  );

  test.each([
    "http://example.com/",
    "http://10.0.0.1/",
    "http://a.localhost/",
    "ftp://localhost/",
    "http://user@localhost/",
    "http://127.0.0.2/",
  ])("%s may not", (url) => {
    expect(isRefused(url, true)).toBe(true);
  });
});
