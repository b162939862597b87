// Called by a generic runtime before it has a function, for the sake of the calling.
export const handler = async () => null;
