'use strict';
// A harness of TensorFlow.js: `node main.js FOLDER`, where `@tensorflow/tfjs` is installed in FOLDER/node_modules.

const readline = require('node:readline');
const { tf } = require('./tf.js');
const { CannotExpress, Failed, encoded } = require('./written.js');
const { ANSWERS } = require('./session.js');

/** The answer to a line, and whether it is the last one. */
async function answered(line) {
  let id = null;
  try {
    const request = parsed(line);
    ({ id } = request);
    if (!Object.hasOwn(ANSWERS, request.request)) return [wrong(id, 'unknown request', `${request.request}?`), false];
    return [encoded({ id, answer: await scoped(() => ANSWERS[request.request](request)) }), request.request === 'bye'];
  } catch (error) {
    return [wrong(id, kindOf(error), `${error?.name ?? 'Error'}: ${error?.message ?? error}`), false];
  }
}

/** Everything that is made for an answer is let go after it, but for what layers keep. */
async function scoped(make) {
  tf.engine().startScope();
  try {
    return await make();
  } finally {
    tf.engine().endScope();
  }
}

function parsed(line) {
  let request;
  try {
    request = JSON.parse(line);
  } catch (error) {
    throw new Failed(`expected JSON: ${error.message}`);
  }
  if (!Number.isInteger(request?.id)) throw new Failed('expected an object with an id');
  return request;
}

function kindOf(error) {
  if (error instanceof Failed) return 'failed';
  if (error instanceof CannotExpress) return 'cannot express';
  return /allocation failed|out of memory/i.test(error?.message) ? 'out of memory' : 'refused';
}

const wrong = (id, kind, message) => encoded({ id, error: { kind, message } });

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const [answer, last] = await answered(line);
    await new Promise((written) => process.stdout.write(`${answer}\n`, written));
    if (last) break;
  }
  process.exit(0);
}

main();
