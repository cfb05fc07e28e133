/* A load generator for one HTTP/1.1 service on the loopback: one thread, epoll, keep-alive connections.
 *
 *   load PORT FILE CONNECTIONS SECONDS RATE SEED [RECORDS]
 *
 * FILE holds prepared requests, each a little-endian 32-bit length and that many bytes; each is sent once at
 * most, in order, because a proof of possession serves once. RATE 0 is a closed loop: every connection asks
 * again as soon as it is answered. A positive RATE is an open loop: requests fall due as a Poisson process of
 * RATE per second, and each latency runs from the instant the request was due, not from when a connection was
 * free to carry it, so that a stall is charged to every request it delayed (no coordinated omission).
 * One JSON object is printed on standard output. RECORDS, if given, receives one record an answer, as it came:
 * the place of its request in FILE, status, seconds, lengths of head and body, a hash of the body, then the head.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MAX 65536
#define DRAIN_SECONDS 5.0

struct connection {
    int fd, busy;
    double since;
    uint32_t index;
    const unsigned char *out;
    size_t out_left, in_used;
    char in[ANSWER_MAX + 1];
};

static const unsigned char *cursor, *file_end;
static struct connection *connections, **idle;
static int connection_count, idle_count, loop, port;
static double *due, *latencies; /* due: scheduled instants of the open loop, sent in order */
static size_t request_count, due_count, due_sent, sent, answered, lost, shown, in_time;
static size_t statuses[600];
static size_t body_min = SIZE_MAX, body_max;
static double stop_at;
static FILE *records;

static void die(const char *what) {
    fprintf(stderr, "load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void open_connection(struct connection *c) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address)) die("cannot connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (fcntl(c->fd, F_SETFL, O_NONBLOCK) || epoll_ctl(loop, EPOLL_CTL_ADD, c->fd, &event)) die("cannot watch");
    c->busy = 0;
    c->in_used = c->out_left = 0;
    idle[idle_count++] = c;
}

static void reopen(struct connection *c) {
    if (c->busy) lost++;
    else
        for (int i = 0; i < idle_count; i++)
            if (idle[i] == c) idle[i--] = idle[--idle_count];
    close(c->fd);
    open_connection(c);
}

static void watch_output(struct connection *c, int wanted) {
    struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = c};
    if (epoll_ctl(loop, EPOLL_CTL_MOD, c->fd, &event)) die("cannot watch");
}

static void push(struct connection *c) {
    while (c->out_left) {
        ssize_t n = send(c->fd, c->out, c->out_left, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) {
            watch_output(c, 1);
            return;
        }
        if (n < 0) return; /* the reading side will see the broken connection and count it */
        c->out += n;
        c->out_left -= (size_t)n;
    }
}

static int ask(struct connection *c, double since) { /* 0 when no prepared request is left */
    uint32_t length;
    if (cursor + 4 > file_end) return 0;
    memcpy(&length, cursor, 4);
    c->out = cursor + 4;
    c->out_left = length;
    cursor += 4 + length;
    c->busy = 1;
    c->since = since;
    c->index = (uint32_t)sent;
    c->in_used = 0;
    sent++;
    push(c);
    return 1;
}

static void keep(const struct connection *c, double seconds, int status, const char *body, size_t body_length) {
    uint32_t numbers[4] = {c->index, (uint32_t)status, (uint32_t)(body - c->in), (uint32_t)body_length};
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < body_length; i++) hash = (hash ^ (unsigned char)body[i]) * 0x100000001b3u;
    if (fwrite(numbers, sizeof numbers, 1, records) != 1 || fwrite(&seconds, sizeof seconds, 1, records) != 1 ||
        fwrite(&hash, sizeof hash, 1, records) != 1 || fwrite(c->in, numbers[2], 1, records) != 1)
        die("cannot write the records");
}

static void record(struct connection *c, int status, const char *body, size_t body_length) {
    double at = now();
    if (records) keep(c, at - c->since, status, body, body_length);
    latencies[answered++] = at - c->since;
    if (at <= stop_at) in_time++;
    statuses[status >= 100 && status < 600 ? status : 0]++;
    if (memmem(body, body_length < 64 ? body_length : 64, "\"shown\":true", 12)) shown++;
    if (status == 200) {
        if (body_length < body_min) body_min = body_length;
        if (body_length > body_max) body_max = body_length;
    }
    c->busy = 0;
    idle[idle_count++] = c;
}

static void take_answer(struct connection *c) {
    ssize_t n = read(c->fd, c->in + c->in_used, ANSWER_MAX - c->in_used);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0 || !c->busy) {
        reopen(c);
        return;
    }
    c->in_used += (size_t)n;
    c->in[c->in_used] = 0;
    char *end = strstr(c->in, "\r\n\r\n");
    if (!end) {
        if (c->in_used == ANSWER_MAX) die("an answer's head is longer than 65536 bytes");
        return;
    }
    *end = 0; /* so that a header is not looked for in the body */
    char *length_header = strcasestr(c->in, "\r\ncontent-length:");
    if (!length_header) die("an answer has no Content-Length; this generator reads no other kind");
    size_t length = strtoul(length_header + 17, NULL, 10), head = (size_t)(end - c->in) + 4;
    int closing = strcasestr(c->in, "\r\nconnection: close") != NULL;
    *end = '\r';
    if (head + length > ANSWER_MAX) die("an answer is longer than 65536 bytes");
    if (c->in_used < head + length) return;
    record(c, atoi(c->in + 9), c->in + head, length);
    if (closing) reopen(c);
}

static void arm(int timer, double at) {
    struct itimerspec when = {.it_value = {(time_t)at, (long)((at - floor(at)) * 1e9)}};
    if (when.it_value.tv_nsec == 0) when.it_value.tv_nsec = 1; /* zero would disarm it */
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL)) die("cannot set a timer");
}

static int schedule(double start, double seconds, double rate, unsigned seed) { /* 1 when requests are too few */
    unsigned short state[3] = {0x330E, (unsigned short)seed, (unsigned short)(seed >> 16)};
    for (double at = start; due_count < request_count; due[due_count++] = at) {
        at -= log(1.0 - erand48(state)) / rate;
        if (at > start + seconds) return 0;
    }
    return 1;
}

static int feed(int timer, double rate) { /* hand work to idle connections; 1 when prepared requests ran out */
    if (rate == 0) {
        if (now() >= stop_at) return 0;
        while (idle_count)
            if (!ask(idle[--idle_count], now())) {
                idle_count++;
                return 1;
            }
        return 0;
    }
    while (idle_count && due_sent < due_count && due[due_sent] <= now()) {
        idle_count--;
        ask(idle[idle_count], due[due_sent++]);
    }
    if (due_sent < due_count && due[due_sent] > now()) arm(timer, due[due_sent]);
    return 0;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(double share) { /* milliseconds; 0 when nothing was answered */
    if (!answered) return 0;
    size_t rank = (size_t)ceil(share * (double)answered);
    return latencies[rank ? rank - 1 : 0] * 1e3;
}

static void report(double seconds, int ran_out) {
    const char *comma = "";
    qsort(latencies, answered, sizeof *latencies, ascending);
    printf("{\"sent\":%zu,\"answered\":%zu,\"in_time\":%zu,\"lost\":%zu,\"never_sent\":%zu,\"shown\":%zu,", sent,
           answered, in_time, sent - answered, due_count - due_sent, shown);
    printf("\"connections_lost\":%zu,\"ran_out\":%s,\"seconds\":%.4f,", lost, ran_out ? "true" : "false", seconds);
    printf("\"body_bytes\":[%zu,%zu],\"statuses\":{", body_max ? body_min : 0, body_max);
    for (int status = 0; status < 600; status++)
        if (statuses[status]) {
            printf("%s\"%d\":%zu", comma, status, statuses[status]);
            comma = ",";
        }
    printf("},\"latency_ms\":{\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"max\":%.3f}}\n", percentile(0.5),
           percentile(0.9), percentile(0.99), percentile(0.999), percentile(1));
}

static void map_requests(const char *path) {
    struct stat facts;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &facts)) die("cannot open the file of requests");
    if (!facts.st_size) die("the file of requests is empty");
    cursor = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    if (cursor == MAP_FAILED) die("cannot map the file of requests");
    file_end = cursor + facts.st_size;
    for (const unsigned char *p = cursor; p < file_end; request_count++) {
        uint32_t length;
        if (p + 4 > file_end) die("the file of requests is cut short");
        memcpy(&length, p, 4);
        p += 4 + length;
        if (p > file_end) die("the file of requests is cut short");
    }
}

int main(int argc, char **argv) {
    struct epoll_event events[256];
    int ran_out = 0;
    if (argc != 7 && argc != 8) die("usage: load PORT FILE CONNECTIONS SECONDS RATE SEED [RECORDS]");
    if (argc == 8 && !(records = fopen(argv[7], "wb"))) die("cannot open the file of records");
    port = atoi(argv[1]);
    map_requests(argv[2]);
    connection_count = atoi(argv[3]);
    double seconds = atof(argv[4]), rate = atof(argv[5]);
    if (connection_count < 1 || connection_count > 4096 || seconds <= 0 || rate < 0) die("a number is out of range");
    connections = calloc((size_t)connection_count, sizeof *connections);
    idle = calloc((size_t)connection_count, sizeof *idle);
    latencies = calloc(request_count, sizeof *latencies);
    due = calloc(request_count, sizeof *due);
    loop = epoll_create1(0);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event tick = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
    if (!connections || !idle || !latencies || !due || loop < 0 || timer < 0) die("cannot set up");
    if (epoll_ctl(loop, EPOLL_CTL_ADD, timer, &tick)) die("cannot watch the timer");
    for (int i = 0; i < connection_count; i++) open_connection(&connections[i]);
    double start = now();
    stop_at = start + seconds;
    int too_few = rate > 0 && schedule(start, seconds, rate, (unsigned)atoi(argv[6]));
    ran_out = feed(timer, rate);
    while (now() < stop_at + DRAIN_SECONDS) {
        int waiting = idle_count < connection_count;
        if (!waiting && (ran_out || (rate > 0 ? due_sent == due_count : now() >= stop_at))) break;
        int n = epoll_wait(loop, events, 256, 50);
        for (int i = 0; i < n; i++) {
            struct connection *c = events[i].data.ptr;
            if (!c) continue;
            if (events[i].events & EPOLLOUT && c->out_left) {
                push(c);
                if (!c->out_left) watch_output(c, 0);
            }
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) take_answer(c);
        }
        if (!ran_out) ran_out = feed(timer, rate);
    }
    double elapsed = now() - start;
    if (records && fclose(records)) die("cannot write the records");
    report(rate > 0 || elapsed < seconds ? elapsed : seconds, ran_out || too_few);
    return 0;
}
