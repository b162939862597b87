// The HTTP API as the page sees it. No state, no React.

export type Photo = {
  key: string;
  name: string;
  size: number;
  uploaded?: string;
  status: "pending" | "ready" | "failed";
  reason?: string | null;
};

export type PhotoPage = { photos: Photo[]; cursor: string | null };

export type Config = { apiUrl: string; maxUploadBytes: number };

/** What went wrong, in words for the person; `retryable` says whether the same file may work next time. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly retryable: boolean,
  ) {
    super(message);
  }
}

export type Api = {
  list(cursor?: string | null): Promise<PhotoPage>;
  upload(file: File, onProgress: (share: number) => void): Promise<Photo>;
  thumbnailUrl(key: string): string;
};

export const PAGE_SIZE = 60;
const UPLOAD_TIMEOUT_MS = 180_000;
const OFFLINE = "The photo service cannot be reached.";

/** config.json lies beside the page; deploying the stack writes it. */
export async function loadConfig(get: typeof fetch = fetch): Promise<Config> {
  const answer = await get("./config.json", { cache: "no-store" }).catch(() => null);
  const config = answer?.ok ? await answer.json().catch(() => null) : null;
  if (typeof config?.apiUrl !== "string") {
    throw new ApiError("config.json with the address of the API is missing. Was the stack deployed?", true);
  }
  return { apiUrl: config.apiUrl.replace(/\/+$/, ""), maxUploadBytes: config.maxUploadBytes ?? 10 * 1024 * 1024 };
}

export function httpApi(apiUrl: string, newRequest = () => new XMLHttpRequest()): Api {
  return {
    list: (cursor) => list(apiUrl, cursor),
    upload: (file, onProgress) => upload(apiUrl, file, onProgress, newRequest()),
    thumbnailUrl: (key) => `${apiUrl}/photos/${encodeURIComponent(key)}/thumbnail`,
  };
}

async function list(apiUrl: string, cursor?: string | null): Promise<PhotoPage> {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE), ...(cursor ? { cursor } : {}) });
  let answer: Response;
  try {
    answer = await fetch(`${apiUrl}/photos?${query}`);
  } catch {
    throw new ApiError(OFFLINE, true);
  }
  if (!answer.ok) throw refusal(answer.status, await answer.text());
  return answer.json();
}

/** fetch cannot tell the progress of an upload, XMLHttpRequest can. */
function upload(apiUrl: string, file: File, onProgress: (share: number) => void, request: XMLHttpRequest) {
  return new Promise<Photo>((resolve, reject) => {
    request.open("POST", `${apiUrl}/photos`);
    request.timeout = UPLOAD_TIMEOUT_MS;
    request.setRequestHeader("content-type", file.type);
    request.setRequestHeader("x-file-name", encodeURIComponent(file.name));
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
    };
    request.onload = () => {
      if (request.status !== 201) return reject(refusal(request.status, request.responseText));
      try {
        resolve(JSON.parse(request.responseText));
      } catch {
        reject(new ApiError("The photo service gave an answer that cannot be read.", true));
      }
    };
    request.onerror = () => reject(new ApiError(OFFLINE, true));
    request.ontimeout = () => reject(new ApiError("The upload took too long.", true));
    request.send(file);
  });
}

/** 4xx is about the file and will be so again; 408, 429 and 5xx are about the moment. */
export function refusal(status: number, body: string): ApiError {
  const retryable = status >= 500 || status === 408 || status === 429 || status === 0;
  let message = "";
  try {
    message = JSON.parse(body).message ?? "";
  } catch {
    // not JSON: the sentence below has to do
  }
  if (status === 413) message = message || "The picture is too large.";
  return new ApiError(message || `The photo service answered ${status}.`, retryable);
}
