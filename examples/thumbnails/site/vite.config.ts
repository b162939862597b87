import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// Relative addresses, so that the page works at the root of a site host and under a bucket's path alike.
export default defineConfig({
  base: "./",
  plugins: [react()],
  build: { target: "es2022" },
});
