import type { LoadedSystem } from '../load-system.ts';
import type { InstanceCounts } from '../plan/instances.ts';
import type { PlannedProcess, RunSettings, Wiring } from '../plan/plan.ts';
import { planProcesses, runFileOf } from '../plan/plan.ts';
import type { RunFile } from '../run-file.ts';
import type { ProcessGroup } from './process-group.ts';
import type { Timeline } from './timeline.ts';

/** What the processes of a system wait for. */
export interface Launch {
  readonly system: Promise<LoadedSystem>;
  readonly settings: Promise<RunSettings>;
  readonly wiring: Promise<Wiring>;
  readonly databases: Promise<ReadonlyMap<string, Promise<string>>>;
  readonly counts: InstanceCounts;
  readonly processes: ProcessGroup;
  readonly timeline: Timeline;
}

/**
 * Starts all processes: each when what it is told is known, and, but for the platform's own, when the platform is ready.
 * Resolves, when every one is ready, with what further processes are to be told.
 */
export async function launchAll(launch: Launch): Promise<(process: PlannedProcess) => RunFile> {
  const [loaded, settings] = await Promise.all([launch.system, launch.settings]);
  const planned = planProcesses(loaded.system, settings.placement, launch.counts);
  const start = (process: PlannedProcess, runFile: RunFile) =>
    launch.timeline.measure(`process ${process.name}`, () => launch.processes.start(process, runFile));
  const early = planned
    .filter(({ stage }) => stage === 'platform')
    .map((process) => start(process, runFileOf(process, loaded, settings)));
  const platform = Promise.all(early);
  const told = async (process: PlannedProcess): Promise<RunFile> => {
    const [wiring, databases] = await Promise.all([launch.wiring, launch.databases]);
    const databaseUrls = await urlsOf(process.services, databases);
    return runFileOf(process, loaded, { ...settings, databaseUrls }, wiring);
  };
  const late = planned
    .filter(({ stage }) => stage !== 'platform')
    .map(async (process) => {
      const [runFile] = await Promise.all([told(process), platform]);
      await start(process, runFile);
    });
  await Promise.all([platform, ...late]);
  const [wiring, databases] = await Promise.all([launch.wiring, launch.databases]);
  const databaseUrls = await urlsOf([...databases.keys()], databases);
  return (process) => runFileOf(process, loaded, { ...settings, databaseUrls }, wiring);
}

async function urlsOf(
  services: readonly string[],
  databases: ReadonlyMap<string, Promise<string>>,
): Promise<Readonly<Record<string, string>>> {
  const found = services.map(async (service) => {
    const url = await databases.get(service);
    return url === undefined ? [] : [[service, url] as const];
  });
  return Object.fromEntries((await Promise.all(found)).flat());
}
