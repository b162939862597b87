/* Writes the memory of the process that calls it to a socket, so that `restore` can go on from there in other processes
 * (docs/formats/snapshots.md). x86-64 Linux; the process has one thread, no child, and no open socket, pipe or file
 * that it writes. */
#ifndef GUST_SNAPSHOT_H
#define GUST_SNAPSHOT_H

#ifdef __cplusplus
extern "C" {
#endif

enum { GUST_SNAPSHOT_REFUSED = -1, GUST_SNAPSHOT_TAKEN = 0, GUST_SNAPSHOT_RESTORED = 1 };

/* Sends `head`, the length of the image as the rest of an HTTP header ("%llu\r\n\r\n"), and the image. Returns once as
 * TAKEN in the process that called it, which then is to end, and once as RESTORED in each that was restored. REFUSED:
 * nothing was sent, and gust_snapshot_refusal() says why. */
int gust_snapshot_take(int socket, const char* head);

/* A variable of the environment that the process was restored with; what it had before has not changed. NULL: not set,
 * or not restored. Good until the process ends. */
const char* gust_snapshot_variable(const char* name);

/* One line, such as "it runs 2 threads". Good until the next call. */
const char* gust_snapshot_refusal(void);

#ifdef __cplusplus
}
#endif
#endif
