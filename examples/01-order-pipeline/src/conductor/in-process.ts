import type { Crew, Member, Watcher } from "./crew.ts";
import { Reporter } from "./reporter.ts";
import type { Service, Task } from "./service.ts";
import { startService } from "./service.ts";

/** Runs all services in this process, each with a bus of its own, as `memory:` needs it. */
export class InProcess implements Crew {
  readonly #watcher: Watcher;
  readonly #services: Service[] = [];

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  async start(task: Task): Promise<Member> {
    const reporter = new Reporter((reports) => Promise.resolve(this.#watcher.heard(task.name, reports)));
    const service = await startService(task, reporter);
    this.#services.push(service);
    service.ended.catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      this.#watcher.failed(new Error(`${task.name} has failed: ${reason}`, { cause }));
    });
    // Here nothing can be killed without the rest, so a crash is played by closing.
    return { name: task.name, stop: () => service.close(), kill: () => service.close() };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#services.map((service) => service.close()));
  }
}
