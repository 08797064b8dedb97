import { testWithMoto } from "../helpers/moto-server.ts";

/* `npm run test:infra`: what deploy/ makes in AWS, by cfn-lint and moto. */

await testWithMoto("test/infra/vitest.config.ts", ["moto_server"], {});
