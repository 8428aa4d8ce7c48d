// A central system made of the npm package ocpp-rpc, in strict mode: every frame of the charger that
// breaks the schema is refused by a validator that is not ours. It tells what it hears as lines of JSON
// on its output, and sends what it reads as lines of JSON, {"method", "params"}, from its input.

'use strict';

const readline = require('node:readline');
const { RPCServer, createRPCError } = require('ocpp-rpc');

const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const now = () => new Date().toISOString();
let transactions = 0;

const ANSWERS = {
  BootNotification: () => ({ status: 'Accepted', interval: 300, currentTime: now() }),
  Heartbeat: () => ({ currentTime: now() }),
  Authorize: () => ({ idTagInfo: { status: 'Accepted' } }),
  StartTransaction: () => ({ transactionId: ++transactions, idTagInfo: { status: 'Accepted' } }),
  StopTransaction: () => ({}),
  MeterValues: () => ({}),
  StatusNotification: () => ({}),
  DataTransfer: () => ({ status: 'Accepted' }),
  DiagnosticsStatusNotification: () => ({}),
  FirmwareStatusNotification: () => ({}),
};

async function main() {
  const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true });
  let charger = null;
  server.auth((accept) => accept());
  server.on('client', (client) => {
    charger = client;
    say({ event: 'connected', identity: client.identity, protocol: client.protocol });
    client.on('strictValidationFailure', (failure) => {
      say({ event: 'invalid', method: failure.method, why: failure.error.message, params: failure.params });
    });
    client.handle(({ method, params }) => {
      say({ event: 'call', method, params });
      if (!(method in ANSWERS)) throw createRPCError('NotImplemented');
      return ANSWERS[method]();
    });
    client.once('close', () => say({ event: 'closed' }));
  });
  const http = await server.listen(0, '127.0.0.1');
  say({ event: 'listening', port: http.address().port });

  readline.createInterface({ input: process.stdin }).on('line', async (line) => {
    const { method, params } = JSON.parse(line);
    try {
      say({ event: 'answer', method, result: await charger.call(method, params) });
    } catch (error) {
      say({ event: 'answer', method, code: error.rpcErrorCode ?? error.message });
    }
  }).on('close', () => process.exit(0));
}

main();
