import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { httpApi, loadConfig } from "./api";
import { App } from "./App";
import { Gallery } from "./gallery";
import "./style.css";

const root = createRoot(document.getElementById("root")!);

try {
  const config = await loadConfig();
  const api = httpApi(config.apiUrl);
  const gallery = new Gallery(api, config.maxUploadBytes);
  void gallery.refresh();
  root.render(
    <StrictMode>
      <App gallery={gallery} thumbnailUrl={api.thumbnailUrl} maxBytes={config.maxUploadBytes} />
    </StrictMode>,
  );
} catch (error) {
  root.render(
    <main className="page">
      <p className="banner" role="alert">
        {error instanceof Error ? error.message : String(error)}
      </p>
    </main>,
  );
}
