import { generateKeyPairSync, sign } from 'node:crypto';

/** DER: tag, length, content. */
function der(tag: number, ...parts: readonly (Uint8Array | string)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'hex') : part)));
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly (Uint8Array | string)[]) => der(0x30, ...parts);

/** A certificate of its own authority for 127.0.0.1 (RFC 5280), good from 2020 to 2049, with a new key. */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence('06082a8648ce3d040302');
  const name = sequence(der(0x31, sequence('0603550403', der(0x0c, Buffer.from('dure test')))));
  const time = (text: string) => der(0x17, Buffer.from(text));
  const authority = sequence('0603551d13', '0101ff', der(0x04, sequence('0101ff')));
  const subject = sequence('0603551d11', der(0x04, sequence('87047f000001')));
  const body = sequence(
    der(0xa0, '020102'),
    der(0x02, '01'),
    ecdsaWithSha256,
    name,
    sequence(time('200101000000Z'), time('491231235959Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(authority, subject)),
  );
  const signature = der(0x03, '00', sign('sha256', body, privateKey));
  const encoded = sequence(body, ecdsaWithSha256, signature).toString('base64').replace(/.{64}/g, '$&\n');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${encoded}\n-----END CERTIFICATE-----\n`,
  };
}
