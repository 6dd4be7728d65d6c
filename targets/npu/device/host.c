/* Models for Hexagon from this side: one process of qemu-hexagon a context, which keeps the model loaded and answers
 * one message a run (guest.h).
 *
 * Part of Brisk, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#define _GNU_SOURCE
#include "runtime/internal.h"
#include "targets/npu/device/guest.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ELF32 = 1, EM_HEXAGON = 164, SHDR_BYTES = 40, MAX_MESSAGE = 400 };

/* The tables of a model, read off the file. */
typedef struct npu_model {
  brisk_abi_model abi; /* first: what the runtime holds */
  brisk_abi_variant variant;
  brisk_abi_value *values;
  brisk_abi_kernel *kernels;
  int64_t *dims;
  char *text, *path;
} npu_model;

typedef struct npu_process {
  pid_t pid;
  int socket;
  bool profiling;
  uint64_t runs;
  char counts[32]; /* the file of the packet counter */
} npu_process;

/*===-- Files --===*/

static uint32_t word(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static bool read_header(int file, uint8_t header[52]) {
  return pread(file, header, 52, 0) == 52 && !memcmp(header, "\177ELF\1\1", 6) &&
         (header[18] | header[19] << 8) == EM_HEXAGON;
}

static bool claims(const char *path) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  uint8_t header[52];
  bool is_ours = file >= 0 && read_header(file, header);
  if (file >= 0)
    close(file);
  return is_ours;
}

/* The section .brisk as text that ends in a zero; NULL if the file has none. */
static char *read_facts(int file) {
  uint8_t header[52], section[SHDR_BYTES], names[SHDR_BYTES];
  if (!read_header(file, header))
    return NULL;
  const uint32_t table = word(header + 32), count = header[48] | (uint32_t)header[49] << 8;
  const uint32_t strings = header[50] | (uint32_t)header[51] << 8;
  if (pread(file, names, SHDR_BYTES, table + (off_t)strings * SHDR_BYTES) != SHDR_BYTES)
    return NULL;
  for (uint32_t i = 0; i < count; ++i) {
    char name[8] = {0};
    if (pread(file, section, SHDR_BYTES, table + (off_t)i * SHDR_BYTES) != SHDR_BYTES ||
        pread(file, name, 7, (off_t)word(names + 16) + word(section)) != 7)
      return NULL;
    if (strcmp(name, ".brisk") != 0)
      continue;
    const uint32_t size = word(section + 20);
    char *text = size < (64u << 20) ? malloc((size_t)size + 1) : NULL;
    if (!text)
      return NULL;
    text[size] = 0;
    if (pread(file, text, size, word(section + 16)) == (ssize_t)size)
      return text;
    free(text);
    return NULL;
  }
  return NULL;
}

static int32_t npu_run(brisk_call *call);

/* A line "KEY REST"; moves *at past it. */
static char *next_line(char **at, const char **key) {
  char *line = *at, *end = strchr(line, '\n');
  if (!end)
    return NULL;
  *end = 0;
  *at = end + 1;
  char *space = strchr(line, ' ');
  if (space)
    *space++ = 0;
  *key = line;
  return space ? space : end;
}

static bool read_value(npu_model *model, char *rest, brisk_abi_value *value, int64_t **dims) {
  char *end;
  value->dtype = (int32_t)strtol(rest, &end, 10);
  value->rank = (int32_t)strtol(end, &end, 10);
  value->dims = *dims;
  for (int32_t i = 0; i < value->rank; ++i)
    *(*dims)++ = strtoll(end, &end, 10);
  value->name = *end == ' ' ? end + 1 : "";
  (void)model;
  return value->rank >= 0;
}

/* Fills the tables from the facts; every line is counted first, so that the tables fit. */
static bool parse(npu_model *model) {
  size_t lines = 0, numbers = 0;
  for (const char *at = model->text; *at; ++at) {
    lines += *at == '\n';
    numbers += *at == ' ';
  }
  model->values = calloc(lines + 1, sizeof *model->values);
  model->kernels = calloc(lines + 1, sizeof *model->kernels);
  model->dims = calloc(numbers + 1, sizeof *model->dims);
  if (!model->values || !model->kernels || !model->dims)
    return false;
  brisk_abi_model *abi = &model->abi;
  *abi = (brisk_abi_model){.magic = BRISK_ABI_MAGIC, .abi_version = BRISK_ABI_VERSION, .num_variants = 1,
                           .name = "model", .manifest = "{}", .kernels = model->kernels, .variants = &model->variant,
                           .inputs = model->values};
  model->variant = (brisk_abi_variant){BRISK_ISA_X86_64, npu_run};
  int64_t *dims = model->dims;
  char *at = model->text, *rest;
  const char *key;
  bool good = true;
  while (good && (rest = next_line(&at, &key))) {
    brisk_abi_value *value = &model->values[abi->num_inputs + abi->num_outputs];
    if (!strcmp(key, "name")) {
      abi->name = rest;
    } else if (!strcmp(key, "arena")) {
      abi->arena_size = strtoull(rest, NULL, 10);
    } else if (!strcmp(key, "input")) {
      good = read_value(model, rest, value, &dims) && !abi->num_outputs;
      ++abi->num_inputs;
    } else if (!strcmp(key, "output")) {
      good = read_value(model, rest, value, &dims);
      ++abi->num_outputs;
    } else if (!strcmp(key, "kernel")) {
      char *space = strchr(rest, ' ');
      good = space != NULL;
      if (good) {
        *space = 0;
        model->kernels[abi->num_kernels++] = (brisk_abi_kernel){space + 1, rest};
      }
    } else if (!strcmp(key, "manifest")) {
      abi->manifest = rest;
    }
  }
  abi->outputs = model->values + abi->num_inputs;
  return good;
}

static void close_model(brisk_abi_model *abi) {
  npu_model *model = (npu_model *)abi;
  free(model->values);
  free(model->kernels);
  free(model->dims);
  free(model->text);
  free(model->path);
  free(model);
}

static brisk_status open_model(const char *path, brisk_abi_model **abi) {
  npu_model *model = calloc(1, sizeof *model);
  if (!model)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for a model");
  int file = open(path, O_RDONLY | O_CLOEXEC);
  model->text = file >= 0 ? read_facts(file) : NULL;
  if (file >= 0)
    close(file);
  model->path = strdup(path);
  brisk_status status = BRISK_OK;
  if (!model->text || strncmp(model->text, "brisk-npu 1\n", 12) != 0)
    status = brisk_fail(BRISK_ERROR_FILE, "'%s' is not a Brisk artifact: no model in it", path);
  else if (!model->path || !parse(model))
    status = brisk_fail(BRISK_ERROR_FILE, "'%s' has a damaged descriptor", path);
  if (status)
    close_model(&model->abi);
  else
    *abi = &model->abi;
  return status;
}

/*===-- The process --===*/

/* The packet counter lies beside the runtime, or in lib/ beside the program's bin/. */
static bool find_counter(char *path, size_t size) {
  Dl_info info;
  const char *folders[] = {"", "../lib/"};
  if (!dladdr((void *)(uintptr_t)&find_counter, &info) || !info.dli_fname)
    return false;
  char program[4096];
  const char *self = info.dli_fname;
  if (!strchr(self, '/')) {
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
      return false;
    program[length] = 0;
    self = program;
  }
  const int folder = (int)(strrchr(self, '/') - self) + 1;
  for (size_t i = 0; i < 2; ++i) {
    snprintf(path, size, "%.*s%slibbrisk_packets.so", folder, self, folders[i]);
    if (!access(path, R_OK))
      return true;
  }
  return false;
}

static void stop_process(npu_process *process) {
  if (process->pid <= 0)
    return;
  shutdown(process->socket, SHUT_WR);
  close(process->socket);
  while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
    ;
  process->pid = 0;
}

static brisk_status start_process(const npu_model *model, npu_process *process) {
  char counter[8192], plugin[8300];
  const char *arguments[8] = {"qemu-hexagon", "-cpu", "v67"};
  int count = 3, sockets[2], report[2];
  if (process->profiling) {
    if (!find_counter(counter, sizeof counter))
      return brisk_fail(BRISK_ERROR_FILE, "cannot find the packet counter libbrisk_packets.so beside the runtime");
    snprintf(plugin, sizeof plugin, "%s,out=%s", counter, process->counts);
    arguments[count++] = "-plugin";
    arguments[count++] = plugin;
  }
  arguments[count++] = model->path;
  if (process->profiling)
    arguments[count++] = "profile";
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
    return brisk_fail(BRISK_ERROR_SYSTEM, "cannot make a socket: %s", strerror(errno));
  if (pipe2(report, O_CLOEXEC)) {
    close(sockets[0]);
    close(sockets[1]);
    return brisk_fail(BRISK_ERROR_SYSTEM, "cannot make a pipe: %s", strerror(errno));
  }
  process->pid = fork();
  if (process->pid == 0) {
    /* Nothing but calls that are safe after fork. */
    if (dup2(sockets[1], 0) >= 0 && dup2(sockets[1], 1) >= 0)
      execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    int reason = errno;
    ssize_t ignored = write(report[1], &reason, sizeof reason);
    (void)ignored;
    _exit(127);
  }
  int reason = process->pid < 0 ? errno : 0;
  close(sockets[1]);
  close(report[1]);
  if (process->pid > 0 && read(report[0], &reason, sizeof reason) != sizeof reason)
    reason = 0;
  close(report[0]);
  process->socket = sockets[0];
  if (!reason)
    return BRISK_OK;
  if (process->pid > 0)
    stop_process(process);
  else
    close(sockets[0]);
  process->pid = 0;
  return brisk_fail(BRISK_ERROR_SYSTEM, "cannot run qemu-hexagon: %s; scripts/setup installs it", strerror(reason));
}

static brisk_status start(brisk_context *context, const char *kind, bool profiling) {
  if (*kind && strcmp(kind, "qemu") != 0)
    return brisk_fail(BRISK_ERROR_ARGUMENT, "device npu:%s is unknown: expects npu:qemu", kind);
  npu_process *process = calloc(1, sizeof *process);
  if (!process)
    return brisk_fail(BRISK_ERROR_MEMORY, "out of memory for a process");
  process->profiling = profiling;
  if (profiling) {
    strcpy(process->counts, "/tmp/brisk-packets-XXXXXX");
    int file = mkstemp(process->counts);
    if (file >= 0)
      close(file);
  }
  context->device_state = process;
  return start_process((const npu_model *)context->model->abi, process);
}

static void stop(brisk_context *context) {
  npu_process *process = context->device_state;
  if (!process)
    return;
  stop_process(process);
  if (process->profiling)
    unlink(process->counts);
  free(process);
  context->device_state = NULL;
}

/*===-- A run --===*/

static bool send_all(int socket, const void *from, uint64_t bytes) {
  const uint8_t *at = from;
  while (bytes) {
    ssize_t done = send(socket, at, bytes < (1u << 20) ? bytes : 1u << 20, MSG_NOSIGNAL);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    at += done;
    bytes -= (uint64_t)done;
  }
  return true;
}

static bool receive_all(int socket, void *to, uint64_t bytes) {
  uint8_t *at = to;
  while (bytes) {
    ssize_t done = recv(socket, at, bytes < (1u << 20) ? bytes : 1u << 20, 0);
    if (done < 0 && errno == EINTR)
      continue;
    if (done <= 0)
      return false;
    at += done;
    bytes -= (uint64_t)done;
  }
  return true;
}

/* Why the process ended, as a message of the context. */
static int32_t lost(brisk_call *call, npu_process *process) {
  int state = 0;
  char text[120];
  close(process->socket);
  while (waitpid(process->pid, &state, 0) < 0 && errno == EINTR)
    ;
  process->pid = 0;
  if (WIFSIGNALED(state))
    snprintf(text, sizeof text, "the guest was ended by signal %d", WTERMSIG(state));
  else
    snprintf(text, sizeof text, "the guest ended with status %d", WEXITSTATUS(state));
  call->fail(call, "", text);
  return BRISK_ABI_FAILED;
}

static int32_t npu_run(brisk_call *call) {
  brisk_context *context = (brisk_context *)call;
  npu_process *process = context->device_state;
  const brisk_abi_model *abi = context->model->abi;
  if (!process->pid && start_process((const npu_model *)abi, process)) {
    call->fail(call, "", brisk_error_message());
    return BRISK_ABI_FAILED;
  }
  const uint32_t begin = GUEST_RUN;
  uint32_t head[2];
  bool good = send_all(process->socket, &begin, sizeof begin);
  for (int32_t i = 0; good && i < abi->num_inputs; ++i)
    good = send_all(process->socket, call->inputs[i],
                    brisk_tensor_bytes(abi->inputs[i].dtype, abi->inputs[i].rank, abi->inputs[i].dims));
  /* A guest that failed may have answered before it read everything. */
  if (!receive_all(process->socket, head, sizeof head))
    return lost(call, process);
  if (head[0] == GUEST_FAILED) {
    char text[MAX_MESSAGE + 1] = {0};
    receive_all(process->socket, text, head[1] < MAX_MESSAGE ? head[1] : MAX_MESSAGE);
    stop_process(process);
    call->fail(call, "", text);
    return BRISK_ABI_FAILED;
  }
  good = good && head[0] == GUEST_DONE;
  for (int32_t i = 0; good && i < abi->num_outputs; ++i)
    good = receive_all(process->socket, call->outputs[i],
                       brisk_tensor_bytes(abi->outputs[i].dtype, abi->outputs[i].rank, abi->outputs[i].dims));
  ++process->runs;
  return good ? BRISK_ABI_OK : lost(call, process);
}

/*===-- Packets --===*/

/* Ends the process, so that the counter writes, and reports what each kernel took in one run. */
static brisk_status write_profile(brisk_context *context, const char *path) {
  npu_process *process = context->device_state;
  const brisk_abi_model *abi = context->model->abi;
  stop_process(process);
  uint64_t *packets = calloc((size_t)abi->num_kernels + 1, sizeof *packets), total = 0;
  FILE *counts = fopen(process->counts, "r");
  brisk_new_file file;
  brisk_status status = packets && counts ? BRISK_OK : brisk_fail(BRISK_ERROR_FILE, "cannot read the packet counts");
  const uint64_t runs = process->runs ? process->runs : 1;
  if (!status) {
    uint32_t kernel;
    uint64_t number;
    while (fscanf(counts, "%" SCNu32 " %" SCNu64, &kernel, &number) == 2)
      if (kernel < (uint32_t)abi->num_kernels) {
        packets[kernel] = number / runs;
        total += packets[kernel];
      }
    status = brisk_new_file_open(&file, path);
  }
  if (!status) {
    fprintf(file.stream, "{\"unit\": \"packets, not time\", \"runs\": %" PRIu64 ", \"packets\": %" PRIu64 ", \"kernels\": [",
            process->runs, total);
    for (int32_t i = 0; i < abi->num_kernels; ++i) {
      fprintf(file.stream, "%s\n  {\"index\": %d, \"packets\": %" PRIu64 ", \"op\": ", i ? "," : "", i, packets[i]);
      brisk_write_json_string(file.stream, abi->kernels[i].op);
      fputs(", \"nodes\": ", file.stream);
      brisk_write_json_string(file.stream, abi->kernels[i].name);
      fputc('}', file.stream);
    }
    fputs("\n]}\n", file.stream);
    status = brisk_new_file_close(&file, true);
  }
  if (counts)
    fclose(counts);
  free(packets);
  return status;
}

const brisk_device brisk_device_npu = {"npu", claims, open_model, close_model, start, stop, write_profile};
