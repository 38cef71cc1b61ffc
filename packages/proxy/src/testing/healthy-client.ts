import { Agent, request } from 'node:http';

/** Sends so many requests from 127.0.0.2, four at a time, each on its own connection; what was not answered with 200. */
export async function healthyClient(port: number, count: number): Promise<readonly string[]> {
  const failures: string[] = [];
  const agent = new Agent({ keepAlive: false });
  const ask = () =>
    new Promise<void>((resolve) => {
      const failed = (why: string) => {
        failures.push(why);
        resolve();
      };
      const options = { host: '127.0.0.1', port, path: '/things/7', localAddress: '127.0.0.2', agent };
      const outgoing = request(options, (answer) => {
        if (answer.statusCode !== 200) failures.push(`${answer.statusCode}`);
        answer
          .on('end', resolve)
          .on('error', (error) => failed(error.message))
          .resume();
      });
      outgoing.on('error', (error) => failed(error.message)).end();
    });
  const lane = async () => {
    for (let left = count / 4; left > 0; left -= 1) await ask();
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return failures;
}
