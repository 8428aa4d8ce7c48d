// A central system of the npm package `ocpp-rpc` as its README shows it, strict mode on.
// It validates and answers; it stores nothing. Prints its address once it listens.
// Usage: node ocpp_rpc.js FOLDER, where FOLDER holds node_modules.

const path = require('node:path');
const { RPCServer, createRPCError } = require(path.join(process.argv[2], 'node_modules', 'ocpp-rpc'));

const server = new RPCServer({ protocols: ['ocpp1.6'], strictMode: true });

server.auth((accept) => accept());

server.on('client', (client) => {
    client.handle('MeterValues', () => ({}));
    client.handle(() => { throw createRPCError('NotImplemented'); });
});

server.listen(0, '127.0.0.1').then((http) => {
    console.log(`ws://127.0.0.1:${http.address().port}`);
});
