/*
A real provider (panva/oidc-provider), as Keycloak or ProConnect would be: consent, PKCE, signed
userinfo, logout. Its arguments are the site's redirect URI and the one after logout; it prints its
issuer once it listens. Anybody may log in, under any name.
*/
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [redirectUri, afterLogout] = process.argv.slice(2);
const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const key = { ...privateKey.export({ format: "jwk" }), kid: "test", use: "sig", alg: "RS256" };

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://localhost:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "ragapp",
        client_secret: "a-secret-of-the-client",
        redirect_uris: [redirectUri],
        post_logout_redirect_uris: [afterLogout],
        userinfo_signed_response_alg: "RS256",
      },
    ],
    jwks: { keys: [key] },
    cookies: { keys: ["only for tests"] },
    features: { jwtUserinfo: { enabled: true } },
    pkce: { required: () => true },
    claims: {
      openid: ["sub"],
      profile: ["name", "given_name", "family_name", "preferred_username", "siret"],
    },
    async findAccount(_context, id) {
      const claims = { sub: id, given_name: "Zoé", family_name: id, preferred_username: id };
      return { accountId: id, claims: async () => ({ ...claims, name: `Zoé ${id}`, siret: "123" }) };
    },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
