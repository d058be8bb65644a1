// Messages for an adapter, right ones and wrong ones.

const EXPRESSIONS = ['1 + 1', 'x', 'items', 'point', 'point.twice', 'fib(4)', 'data', 'items["a"][0]', 'y', '[', 'lambda: 0', "'\\ud800'",
  '1 / 0', 'x = 5', 'import sys', 'for i in range(3): print(i)', 'exit()', 'raise SystemExit', 'fib(-10 ** 6)', '"x" * 100000',
  '\0', '', ' ', 'ü', '(' .repeat(300), 'items["b"] = items', 'del x', 'nothing', 'print("said")', 'await x', 'data[0]',
  '__exception__', 'globals()', 'fails(0)'];
const CONDITIONS = ['x > 1', 'n == 2', '[', '1 / 0', '', 'True', 'False', 'n'];
const HITS = ['1', '> 2', '% 3', '== 1', 'many', '', '-1', '99999999999999999999'];
const NAMES = ['x', 'n', 'y', 'point', 'items', 'data', '0', '', 'no', 'twice', '[0]'];

/** Values of every type, some of them unreasonable. */
const ODD = [null, true, false, 0, 1, -1, 3, 2 ** 31, -(2 ** 31) - 1, 2 ** 53, 2 ** 53 + 2, 1e308, 0.5, -0, '', 'x', '0x10', '💥', '\ud800',
  '\0', [], {}, [null], [[]], { a: 1 }, 'x'.repeat(5000), Array(300).fill(0), Array(200).fill({}), '../../..', '/dev/null', '-1'];

/** Ports that nothing listens on. */
const PORTS = [0, 1, 2, -1, 65536, 1.5, null];

/** Makes requests; knows what the adapter has told of: threads, frames, values, addresses. */
export class Messages {
  constructor(random, file) {
    this.random = random;
    this.file = file;
    this.seq = 0;
    this.forget();
  }

  forget() {
    this.known = { thread: [1], frame: [], variables: [], address: ['0x100000002'], memory: [], goto: [], target: [], data: [], source: [], location: [] };
  }

  /** Takes in numbers that a response tells of. */
  learn(message) {
    const { body, command } = message;
    if (!message.success || !body) return;
    const keep = (kind, list) => {
      this.known[kind].push(...list);
      this.known[kind].splice(0, this.known[kind].length - 40);
    };
    if (command === 'threads') keep('thread', body.threads.map(({ id }) => id));
    if (command === 'stackTrace') {
      keep('frame', body.stackFrames.map(({ id }) => id));
      keep('address', body.stackFrames.map((frame) => frame.instructionPointerReference));
      keep('source', body.stackFrames.flatMap(({ source }) => source?.sourceReference || []));
    }
    if (command === 'scopes') keep('variables', body.scopes.map((scope) => scope.variablesReference));
    if (command === 'variables') {
      keep('variables', body.variables.map((variable) => variable.variablesReference).filter((n) => n > 0));
      keep('memory', body.variables.flatMap((variable) => variable.memoryReference ?? []));
      keep('location', body.variables.flatMap((variable) => variable.valueLocationReference ?? []));
    }
    if (command === 'gotoTargets') keep('goto', body.targets.map(({ id }) => id));
    if (command === 'stepInTargets') keep('target', body.targets.map(({ id }) => id));
    if (command === 'dataBreakpointInfo' && body.dataId) keep('data', [body.dataId]);
  }

  id(kind) {
    const known = this.known[kind];
    return known.length > 0 && this.random.chance(0.95) ? this.random.of(known) : this.random.below(40);
  }

  text(list) {
    return this.random.of(list);
  }

  rule() {
    const r = this.random;
    return {
      ...(r.chance(0.2) ? { condition: this.text(CONDITIONS) } : {}),
      ...(r.chance(0.2) ? { hitCondition: this.text(HITS) } : {}),
      ...(r.chance(0.2) ? { logMessage: this.text(['at {x}', '{', 'plain', '{1/0}', '{fib(3)}']) } : {}),
    };
  }

  /** The arguments of a right request. */
  arguments(command) {
    const r = this.random;
    const threadId = this.id('thread');
    const frameId = this.id('frame');
    const several = (make) => Array.from({ length: r.below(4) }, make);
    const source = r.chance(0.9) ? { path: this.file } : { name: '<string>', sourceReference: this.id('source') };
    const makers = {
      initialize: () => ({ adapterID: 'x', linesStartAt1: r.chance(0.8), columnsStartAt1: r.chance(0.8), pathFormat: 'path', supportsVariableType: true, supportsProgressReporting: r.chance(0.5), supportsInvalidatedEvent: true, supportsMemoryEvent: true, supportsRunInTerminalRequest: r.chance(0.2), supportsANSIStyling: r.chance(0.5) }),
      launch: () => ({ program: this.file, stopOnEntry: r.chance(0.5), justMyCode: r.chance(0.5), noDebug: r.chance(0.05), console: r.chance(0.1) ? 'integratedTerminal' : 'internalConsole', args: several(() => 'a'), env: { FUZZ: 1 } }),
      attach: () => ({ host: r.of(['127.0.0.1', '::1', '', 'localhost']), port: r.of(PORTS), token: 'no' }),
      restart: () => (r.chance(0.5) ? {} : { arguments: { program: this.file } }),
      disconnect: () => ({ terminateDebuggee: r.chance(0.8), restart: false }),
      terminate: () => ({}),
      breakpointLocations: () => ({ source, line: r.below(40), endLine: r.below(60) }),
      setBreakpoints: () => ({ source, breakpoints: several(() => ({ line: r.below(45), ...(r.chance(0.2) ? { column: r.below(20) } : {}), ...this.rule() })) }),
      setFunctionBreakpoints: () => ({ breakpoints: several(() => ({ name: r.of(['fib', 'fails', 'no', '', 'Point.twice', 'numbers']), ...this.rule() })) }),
      setExceptionBreakpoints: () => ({ filters: r.of([[], ['raised'], ['uncaught'], ['userUnhandled'], ['none']]), filterOptions: several(() => ({ filterId: r.of(['raised', 'uncaught', 'x']), condition: r.of(['ZeroDivisionError', '[', 'KeyError, OSError']) })) }),
      dataBreakpointInfo: () => ({ name: this.text([...NAMES, ...EXPRESSIONS]), ...(r.chance(0.5) ? { variablesReference: this.id('variables') } : { frameId }) }),
      setDataBreakpoints: () => ({ breakpoints: several(() => ({ dataId: String(this.id('data')), accessType: 'write', ...this.rule() })) }),
      setInstructionBreakpoints: () => ({ breakpoints: several(() => ({ instructionReference: String(this.id('address')), offset: r.below(9) * 2 - 4, ...this.rule() })) }),
      continue: () => ({ threadId }),
      next: () => ({ threadId, granularity: r.of(['line', 'statement', 'instruction']) }),
      stepIn: () => ({ threadId, granularity: r.of(['line', 'statement', 'instruction']), ...(r.chance(0.2) ? { targetId: this.id('target') } : {}) }),
      stepOut: () => ({ threadId }),
      restartFrame: () => ({ frameId }),
      goto: () => ({ threadId, targetId: this.id('goto') }),
      pause: () => ({ threadId }),
      stackTrace: () => ({ threadId, startFrame: r.below(3), levels: r.below(20), ...(r.chance(0.2) ? { format: { line: true, module: true } } : {}) }),
      scopes: () => ({ frameId }),
      variables: () => ({ variablesReference: this.id('variables'), ...(r.chance(0.3) ? { filter: r.of(['indexed', 'named']), start: r.below(5), count: r.below(9) } : {}), ...(r.chance(0.2) ? { format: { hex: true } } : {}) }),
      setVariable: () => ({ variablesReference: this.id('variables'), name: this.text(NAMES), value: this.text(EXPRESSIONS) }),
      source: () => ({ source, sourceReference: this.id('source') }),
      threads: () => undefined,
      terminateThreads: () => ({ threadIds: [threadId === 1 ? 99 : threadId] }),
      modules: () => ({ startModule: r.below(4), moduleCount: r.below(9) }),
      loadedSources: () => ({}),
      evaluate: () => ({ expression: this.text(EXPRESSIONS), ...(r.chance(0.8) ? { frameId } : {}), context: r.of(['watch', 'repl', 'hover', 'clipboard', 'variables', 'x']) }),
      setExpression: () => ({ expression: this.text(NAMES), value: this.text(EXPRESSIONS), frameId }),
      stepInTargets: () => ({ frameId }),
      gotoTargets: () => ({ source, line: r.below(45) }),
      completions: () => ({ frameId, text: this.text(['po', 'point.', 'items["a"].', '', 'ü.', '(']), column: r.below(9), line: 1 }),
      exceptionInfo: () => ({ threadId }),
      readMemory: () => ({ memoryReference: String(this.id('memory')), offset: r.below(30) - 10, count: r.of([0, 1, 16, 5000, 2 ** 40]) }),
      writeMemory: () => ({ memoryReference: String(this.id('memory')), offset: r.below(20), data: r.of(['AAEC', '', '=', 'not base64', 'AA==']), allowPartial: r.chance(0.5) }),
      disassemble: () => ({ memoryReference: String(this.id('address')), offset: r.below(5) * 2, instructionOffset: r.below(200) - 100, instructionCount: r.of([0, 1, 20, 200, 2 ** 21]) }),
      locations: () => ({ locationReference: this.id('location') }),
      cancel: () => ({ requestId: this.seq - r.below(20) }),
      configurationDone: () => ({}),
      makeCoffee: () => ({ sugar: 2 }),
    };
    return makers[command]();
  }

  request(command, args = this.arguments(command)) {
    this.seq += 1;
    return { seq: this.seq, type: 'request', command, ...(args === undefined ? {} : { arguments: args }) };
  }

  /** Some request that a client could send; one that leaves the program's state as it is, if that is wanted. */
  any(calm) {
    return this.request(this.random.weighted(calm ? CALM : COMMANDS));
  }

  /** An odd value for a field. */
  odd(key) {
    if (key === 'port') return this.random.of(PORTS);
    return structuredClone(this.random.of(ODD));
  }

  /** Changes a message somewhere. */
  mutate(message) {
    const r = this.random;
    const places = [];
    const walk = (value, depth) => {
      if (typeof value !== 'object' || value === null || depth > 5) return;
      for (const key of Object.keys(value)) {
        places.push([value, key]);
        walk(value[key], depth + 1);
      }
    };
    walk(message, 0);
    const [holder, key] = r.of(places);
    r.weighted([
      [3, () => delete holder[key]],
      [6, () => (holder[key] = this.odd(key))],
      [1, () => (holder[`${key}${r.of(['', ' ', 'x', '\0'])}`] = this.odd(key))],
      [1, () => (holder[r.of(['seq', 'type', 'command', 'arguments', 'body', '__proto__', 'x'])] = this.odd(key))],
      [1, () => (message.arguments = r.chance(0.5) ? this.arguments(r.weighted(COMMANDS)) : this.odd('arguments'))],
      [1, () => (message.type = r.of(['response', 'event', 'Request', 7, null]))],
      [1, () => (message.seq = r.of([0, -1, 1, this.seq - 1, 1.5, 2 ** 53, 1e30, '7', null]))],
      [0.3, () => Array.isArray(holder) && Array.prototype.push.apply(holder, Array(r.below(2000)).fill(holder[key]))],
      [0.3, () => (holder[key] = nested(r.of([10, 100, 500])))],
    ])();
    return message;
  }
}

/** How often each command comes. What ends a session comes seldom. */
const COMMANDS = [
  [2, 'initialize'], [3, 'launch'], [0.3, 'attach'], [0.15, 'restart'], [0.04, 'disconnect'], [0.04, 'terminate'], [2, 'breakpointLocations'],
  [5, 'setBreakpoints'], [2, 'setFunctionBreakpoints'], [2, 'setExceptionBreakpoints'], [3, 'dataBreakpointInfo'], [1.5, 'setDataBreakpoints'],
  [2, 'setInstructionBreakpoints'], [4, 'continue'], [6, 'next'], [6, 'stepIn'], [4, 'stepOut'], [2, 'restartFrame'], [2, 'goto'], [6, 'pause'],
  [10, 'stackTrace'], [10, 'scopes'], [10, 'variables'], [4, 'setVariable'], [2, 'source'], [4, 'threads'], [0.3, 'terminateThreads'],
  [1, 'modules'], [1, 'loadedSources'], [8, 'evaluate'], [3, 'setExpression'], [3, 'stepInTargets'], [3, 'gotoTargets'], [3, 'completions'],
  [2, 'exceptionInfo'], [3, 'readMemory'], [3, 'writeMemory'], [3, 'disassemble'], [2, 'locations'], [2, 'cancel'], [2, 'configurationDone'],
  [1, 'makeCoffee'],
];

const RESTLESS = ['launch', 'attach', 'restart', 'continue', 'next', 'stepIn', 'stepOut', 'goto', 'restartFrame', 'terminate', 'disconnect',
  'terminateThreads'];
const CALM = COMMANDS.filter(([, name]) => !RESTLESS.includes(name));

function nested(depth) {
  let value = 1;
  for (let i = 0; i < depth; i++) value = i % 2 ? [value] : { a: value };
  return value;
}

/** A body in its frame. */
export function framed(body) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  return Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\n\r\n`), bytes]);
}

/** Something in the place of a message: bytes that are none, or are not what their header says. */
export function broken(random, body) {
  const bytes = Buffer.from(body);
  const cut = random.below(bytes.length);
  // A length that is too long swallows what follows, so that much follows that nobody misses.
  const swallowed = 1 + random.below(3000);
  const padded = (header) => Buffer.concat([Buffer.from(header), bytes, Buffer.alloc(swallowed, '\n')]);
  return random.weighted([
    [2, () => Buffer.concat([Buffer.from(`Content-Length: ${cut}\r\n\r\n`), bytes])],
    [2, () => padded(`Content-Length: ${bytes.length + swallowed}\r\n\r\n`)],
    [1, () => framed(bytes.subarray(0, cut))],
    [1, () => Buffer.from(`Content-Length: ${random.of(['-1', '99999999999999', 'x', '', '0x10', '1e3', '67108865', '+5', '٣'])}\r\n\r\n.....`)],
    [1, () => Buffer.concat([Buffer.from(`Content-Length: ${bytes.length}\r\nContent-Length: ${bytes.length + random.below(2)}\r\n\r\n`), bytes])],
    [1, () => Buffer.concat([Buffer.from(`content-length:${bytes.length}\n\n`), bytes])],
    [1, () => Buffer.concat([Buffer.from(`X: y\r\nContent-Length: ${bytes.length}\r\nContent-Type: z\r\n\r\n`), bytes])],
    [1, () => Buffer.from(random.of(['\r\n\r\n', 'hello\r\n\r\n', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\0\x01\x02\n', 'Content-Length\r\n\r\n', ': 5\r\n\r\n', 'x'.repeat(5000), 'A: b\r\n'.repeat(900)]))],
    [1, () => framed(Buffer.from(bytes).fill(random.below(256), cut, Math.min(cut + 3, bytes.length)))],
    [1, () => framed(Buffer.concat([bytes.subarray(0, cut), Buffer.from([0xff, 0xfe, 0xc0, 0x80]), bytes.subarray(cut)]))],
    [1, () => framed(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes]))],
    [1, () => framed(random.of(['', 'null', '[]', '0', '"x"', '{}', '{"seq":1}', '{"type":"request"}', '{{', '[{}]', '\u0000', 'nul', '1e999', '{"seq":1,"type":"request","command":"threads","seq":2}']))],
    [0.2, () => framed(random.of(['[', '{"a":', '[[1],']).repeat(30000))],
    [0.5, () => framed(body.replace('"arguments":{', '"arguments":{"threadId":1,"frameId":"x",'))],
    [0.5, () => framed(`${body.slice(0, -1)},"command":"threads"}`)],
  ])();
}
