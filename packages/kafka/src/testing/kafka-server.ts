import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command, ServerKind } from '@dure/messaging/testing';
import { hasCommand } from '@dure/messaging/testing';

export const kafkaVersion = '4.1.0';
/** Where `npm run brokers install kafka` puts the server's jars. */
export const kafkaFolder = join(homedir(), '.cache', 'dure', `kafka-${kafkaVersion}`);

const clusterId = 'ZHVyZS10ZXN0LWNsdXN0ZQ';

/** Apache Kafka, one node that is broker and controller in one (KRaft). */
export const kafkaServer: ServerKind = {
  name: 'kafka',
  absent: whyAbsent(),
  ports: 2,
  plan(folder, [port = 0, controller = 0]) {
    const properties = join(folder, 'server.properties');
    writeFileSync(
      properties,
      [
        'process.roles=broker,controller',
        'node.id=1',
        `controller.quorum.voters=1@127.0.0.1:${controller}`,
        `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
        `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
        'controller.listener.names=CONTROLLER',
        'inter.broker.listener.name=PLAINTEXT',
        `log.dirs=${join(folder, 'data')}`,
        'auto.create.topics.enable=false',
        'offsets.topic.num.partitions=4',
        'offsets.topic.replication.factor=1',
        'transaction.state.log.replication.factor=1',
        'transaction.state.log.min.isr=1',
        'group.initial.rebalance.delay.ms=0',
        'group.min.session.timeout.ms=1000',
        'message.max.bytes=8388608',
        'log.cleaner.enable=false',
        '',
      ].join('\n'),
    );
    const logging = join(folder, 'log4j2.yaml');
    writeFileSync(
      logging,
      'Configuration:\n  Appenders:\n    Console:\n      name: out\n      target: SYSTEM_OUT\n  Loggers:\n    Root:\n      level: INFO\n      AppenderRef:\n        - ref: out\n',
    );
    const java = (main: string, ...args: readonly string[]): Command => ({
      file: 'java',
      args: [
        '-Xmx384m',
        '-XX:+UseSerialGC',
        '-XX:TieredStopAtLevel=1',
        `-Dlog4j2.configurationFile=${logging}`,
        '-cp',
        join(kafkaFolder, '*'),
        main,
        ...args,
      ],
    });
    return {
      prepare: [java('kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties)],
      processes: [java('kafka.Kafka', properties)],
      url: `127.0.0.1:${port}`,
      port,
      says: 'Kafka Server started',
    };
  },
};

/** The same server, which sends its clients to another port of this machine. */
export function kafkaProxied(proxyPort: number): ServerKind {
  return {
    ...kafkaServer,
    plan(folder, ports) {
      const plan = kafkaServer.plan(folder, ports);
      const file = join(folder, 'server.properties');
      const line = /^advertised\.listeners=.*$/m;
      const proxied = `advertised.listeners=PLAINTEXT://127.0.0.1:${proxyPort}`;
      writeFileSync(file, readFileSync(file, 'utf8').replace(line, proxied));
      return plan;
    },
  };
}

/** The same server with its one listener under another name, and what that listener needs, as lines of `server.properties`. */
export function kafkaBehind(listener: string, needs: (folder: string) => readonly string[]): ServerKind {
  return {
    ...kafkaServer,
    plan(folder, ports) {
      const plan = kafkaServer.plan(folder, ports);
      const file = join(folder, 'server.properties');
      const renamed = readFileSync(file, 'utf8')
        .replaceAll('PLAINTEXT://', `${listener}://`)
        .replace('inter.broker.listener.name=PLAINTEXT', `inter.broker.listener.name=${listener}`);
      writeFileSync(file, [renamed.trimEnd(), ...needs(folder), ''].join('\n'));
      return plan;
    },
  };
}

function whyAbsent(): string | false {
  if (!existsSync(kafkaFolder) || readdirSync(kafkaFolder).length === 0)
    return `there are no jars of Kafka in ${kafkaFolder}; npm run brokers install kafka`;
  return hasCommand('java') ? false : 'there is no java; npm run brokers install kafka';
}
