// Loaded by a generic runtime, for the sake of loading.
export const handler = async () => null;
