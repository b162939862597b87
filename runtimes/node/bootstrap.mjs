// Starts the Node runtime: loads the handler, then takes one invocation after another.
import { serve } from "./runtime/loop.mjs";

await serve();
