// Loaded by a generic runtime, for the sake of loading.
exports.handler = async () => null;
