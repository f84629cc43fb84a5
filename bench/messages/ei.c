/* OTP's C library `ei` as a sender, and frames made beforehand, the most that a socket and a BEAM can take.
 * Arguments: mode (`reg_send` or `frames`), port of EPMD, own name, peer, cookie. A line on standard input is a number of
 * messages. */
#include <ei.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <arpa/inet.h>

#define BATCH 65536

static char body[83];

static void die(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* {evt, Number, <<83 bytes>>}: 100 bytes without the version. */
static void event(ei_x_buff *x, long number) {
    ei_x_encode_tuple_header(x, 3);
    ei_x_encode_atom(x, "evt");
    ei_x_encode_long(x, number);
    ei_x_encode_binary(x, body, sizeof body);
}

static void send_each(ei_cnode *node, int fd, long count) {
    ei_x_buff x;
    ei_x_new(&x);
    while (count-- > 0) {
        x.index = 0;
        ei_x_encode_version(&x);
        event(&x, 1000 + count);
        if (ei_reg_send(node, fd, "sink", x.buff, x.index) < 0) die("ei_reg_send failed");
    }
    ei_x_free(&x);
}

static void write_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written <= 0) die("write failed");
        bytes += written;
        len -= (size_t)written;
    }
}

static void send_frames(ei_cnode *node, int fd, long count) {
    static char batch[BATCH];
    ei_x_buff x;
    uint32_t length;
    size_t frame;
    long in_batch, i;
    ei_x_new(&x);
    ei_x_append_buf(&x, "\0\0\0\0p", 5);
    ei_x_encode_version(&x);
    ei_x_encode_tuple_header(&x, 4);
    ei_x_encode_long(&x, 6);
    ei_x_encode_pid(&x, ei_self(node));
    ei_x_encode_atom(&x, "");
    ei_x_encode_atom(&x, "sink");
    ei_x_encode_version(&x);
    event(&x, 1000);
    frame = (size_t)x.index;
    length = htonl((uint32_t)(frame - 4));
    memcpy(x.buff, &length, 4);
    in_batch = (long)(BATCH / frame);
    for (i = 0; i < in_batch; i++) memcpy(batch + (size_t)i * frame, x.buff, frame);
    while (count > 0) {
        long now = count < in_batch ? count : in_batch;
        write_all(fd, batch, (size_t)now * frame);
        count -= now;
    }
    ei_x_free(&x);
}

int main(int argc, char **argv) {
    ei_cnode node;
    struct in_addr addr;
    char alive[256], host[256];
    long count;
    int fd;
    if (argc < 6 || sscanf(argv[3], "%255[^@]@%255s", alive, host) != 2) die("bad arguments");
    memset(body, 'v', sizeof body);
    inet_aton(host, &addr);
    if (ei_init() || ei_connect_xinit(&node, host, alive, argv[3], &addr, argv[5], 1) < 0) die("ei_connect_xinit failed");
    if ((fd = ei_connect(&node, argv[4])) < 0) die("ei_connect failed");
    puts("ready");
    fflush(stdout);
    while (scanf("%ld", &count) == 1) {
        (argv[1][0] == 'r' ? send_each : send_frames)(&node, fd, count);
        puts("sent");
        fflush(stdout);
    }
    return 0;
}
