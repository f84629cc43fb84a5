/* OTP's own C library, timed on the same terms: each line on standard input is `<what> <case> <times>`, the answer is
 * the nanoseconds of CPU time that so many rounds took. The terms come first: one line of hexadecimal each.
 *
 * `decode` takes every part with the typed call that ei has for it, binaries by pointer, which is its fastest way. */
#include <ei.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CASES 4

static char terms[CASES][4096];
static char out[4096];
static volatile long sink;

static void check(int failed) {
    if (failed) {
        fprintf(stderr, "ei refused a term\n");
        exit(1);
    }
}

static void atom(const char *buf, int *at) {
    char name[MAXATOMLEN_UTF8];
    check(ei_decode_atom_as(buf, at, name, sizeof name, ERLANG_UTF8, NULL, NULL));
    sink += name[0];
}

static void binary(const char *buf, int *at) {
    const char *bytes;
    unsigned int offset;
    size_t bits;
    check(ei_decode_bitstring(buf, at, &bytes, &offset, &bits));
    sink += (long)bits + bytes[0];
}

static void integer(const char *buf, int *at) {
    long value;
    check(ei_decode_long(buf, at, &value));
    sink += value;
}

static int header(int (*decode)(const char *, int *, int *), const char *buf, int *at) {
    int arity;
    check(decode(buf, at, &arity));
    return arity;
}

static void decode(int number, const char *buf) {
    int at = 0, version, left;
    check(ei_decode_version(buf, &at, &version));
    switch (number) {
    case 0:
        header(ei_decode_tuple_header, buf, &at);
        atom(buf, &at);
        integer(buf, &at);
        break;
    case 1: {
        erlang_pid pid;
        erlang_ref ref;
        header(ei_decode_tuple_header, buf, &at);
        atom(buf, &at);
        header(ei_decode_tuple_header, buf, &at);
        check(ei_decode_pid(buf, &at, &pid));
        header(ei_decode_list_header, buf, &at);
        atom(buf, &at);
        check(ei_decode_ref(buf, &at, &ref));
        sink += pid.num + ref.n[0];
        header(ei_decode_tuple_header, buf, &at);
        atom(buf, &at);
        binary(buf, &at);
        break;
    }
    case 2:
        header(ei_decode_tuple_header, buf, &at);
        atom(buf, &at);
        binary(buf, &at);
        binary(buf, &at);
        for (left = header(ei_decode_map_header, buf, &at); left > 0; left--) {
            binary(buf, &at);
            binary(buf, &at);
        }
        break;
    case 3:
        for (left = header(ei_decode_list_header, buf, &at); left > 0; left--) integer(buf, &at);
        break;
    }
    sink += at;
}

static void encode(int number, const char *buf) {
    int at = 0, i;
    check(ei_encode_version(out, &at));
    switch (number) {
    case 0:
        ei_encode_tuple_header(out, &at, 2);
        ei_encode_atom(out, &at, "ping");
        ei_encode_long(out, &at, 42);
        break;
    case 1: {
        static erlang_pid pid = {"app@127.0.0.1", 7, 3, 9};
        static erlang_ref ref = {"app@127.0.0.1", 3, {1, 2, 3}, 9};
        ei_encode_tuple_header(out, &at, 3);
        ei_encode_atom(out, &at, "$gen_call");
        ei_encode_tuple_header(out, &at, 2);
        ei_encode_pid(out, &at, &pid);
        ei_encode_list_header(out, &at, 1);
        ei_encode_atom(out, &at, "alias");
        ei_encode_ref(out, &at, &ref);
        ei_encode_tuple_header(out, &at, 2);
        ei_encode_atom(out, &at, "lookup");
        ei_encode_binary(out, &at, "user:0000000042", 15);
        break;
    }
    case 2: {
        static const char *keys[8] = {"id", "from", "body", "room", "sent_at", "reply_to", "client", "signature"};
        char value[32];
        memset(value, 'v', sizeof value);
        ei_encode_tuple_header(out, &at, 4);
        ei_encode_atom(out, &at, "broadcast");
        ei_encode_binary(out, &at, "room:42", 7);
        ei_encode_binary(out, &at, "new_msg", 7);
        ei_encode_map_header(out, &at, 8);
        for (i = 0; i < 8; i++) {
            ei_encode_binary(out, &at, keys[i], (long)strlen(keys[i]));
            ei_encode_binary(out, &at, value, sizeof value);
        }
        break;
    }
    case 3:
        ei_encode_list_header(out, &at, 200);
        for (i = 0; i < 200; i++) ei_encode_long(out, &at, 1000 + i);
        ei_encode_empty_list(out, &at);
        break;
    }
    (void)buf;
    sink += at;
}

static void skip(int number, const char *buf) {
    int at = 1;
    check(ei_skip_term(buf, &at));
    (void)number;
    sink += at;
}

int main(void) {
    char what[16];
    int number, i;
    long times;
    for (number = 0; number < CASES; number++) {
        unsigned byte;
        for (i = 0; i < (int)sizeof terms[0] && scanf("%2x", &byte) == 1; i++) {
            terms[number][i] = (char)byte;
            if ((byte = (unsigned)getchar()) == '\n') break;
            ungetc((int)byte, stdin);
        }
    }
    /* Both codecs are to write the same bytes. */
    for (number = 0; number < CASES; number++) {
        encode(number, NULL);
        check(memcmp(out, terms[number], 11));
    }
    while (scanf("%15s %d %ld", what, &number, &times) == 3) {
        struct timespec from, to;
        void (*run)(int, const char *) = what[0] == 'd' ? decode : what[0] == 'e' ? encode : skip;
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
        while (times-- > 0) run(number, terms[number]);
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
        printf("%ld\n", (to.tv_sec - from.tv_sec) * 1000000000L + to.tv_nsec - from.tv_nsec);
        fflush(stdout);
    }
    return 0;
}
