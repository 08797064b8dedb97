import { testWithMoto } from "../helpers/moto-server.ts";

/* `npm run test:aws`: the tests of this folder against moto. */

await testWithMoto("test/aws/vitest.config.ts", ["moto_server"], {});
