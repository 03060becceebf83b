// A real OpenID provider for the tests. Its keys and clients come as JSON on standard input; it ends when told to.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

import { Provider } from 'oidc-provider';

const { port, keys, scopes, clients } = JSON.parse(readFileSync(0, 'utf8'));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  jwks: { keys },
  scopes,
  clients: Object.keys(clients).map((name) => ({
    client_id: name,
    client_secret: name,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    scope: scopes.join(' '),
  })),
  extraTokenClaims: (_, token) => clients[token.clientId].claims,
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: {
      enabled: true,
      // Whatever audience a test asks for, it gets.
      getResourceServerInfo: (_, resource, client) => ({
        scope: scopes.join(' '),
        audience: resource,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: clients[client.clientId].algorithm } },
      }),
    },
  },
});

await once(provider.listen(port, '127.0.0.1'), 'listening');
