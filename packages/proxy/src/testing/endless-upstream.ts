import type { ScriptedUpstream } from './scripted-upstream.ts';
import { plainAnswer, scriptedUpstream } from './scripted-upstream.ts';

/** An instance with one answer that has no end, and a short one. */
export function endlessUpstream(): Promise<ScriptedUpstream> {
  const piece = Buffer.alloc(65_536);
  return scriptedUpstream((socket, sofar) => {
    if (!sofar.startsWith('GET /things/endless')) {
      if (sofar.endsWith('\r\n\r\n')) socket.write(plainAnswer('fine'));
      return;
    }
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000000000\r\n\r\n');
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', more);
    more();
  });
}
