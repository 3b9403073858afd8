// Two ways to commit what requests decide: each alone, and all of one turn of the event loop together.

/** One transaction for each request. */
export class Alone {
  constructor({ database }) {
    this.inTransaction = database.transaction((decide) => decide()).immediate;
  }

  run(decide) {
    return this.inTransaction(decide);
  }
}

/**
 * One transaction for all requests that are ready in one turn of the loop; answers leave after the commit. If anything
 * fails that is not a plain refusal, all is rolled back and each is tried alone: a failure spoils nobody else, and no
 * savepoints are needed where nothing fails.
 */
export class Grouped {
  waiting = [];

  constructor({ database }) {
    this.inTransaction = database.transaction((decide) => decide()).immediate;
  }

  run(decide) {
    if (this.waiting.length === 0) setImmediate(() => this.commit());
    return new Promise((resolve, reject) => this.waiting.push({ decide, resolve, reject }));
  }

  commit() {
    const waiting = this.waiting;
    this.waiting = [];
    try {
      const answers = this.inTransaction(() => waiting.map(({ decide }) => decide()));
      waiting.forEach(({ resolve }, index) => resolve(answers[index]));
    } catch {
      for (const one of waiting) this.attempt(one);
    }
  }

  attempt({ decide, resolve, reject }) {
    try {
      resolve(this.inTransaction(decide));
    } catch (error) {
      reject(error);
    }
  }
}
