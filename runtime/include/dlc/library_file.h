/* SPDX-License-Identifier: Apache-2.0 */
/// \file
/// Loading the current contents of a library file. The system's dlopen gives for a path that
/// is already loaded the contents at that time, though the file may have
/// been recompiled since. Part of dlc/runtime.h.
#ifndef DLC_LIBRARY_FILE_H
#define DLC_LIBRARY_FILE_H

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Identifies the contents of a library: the linker's hash of it.
struct dlc_build_id {
  size_t bytes; /* 0: there is none */
  unsigned char value[64];
};

/// Looks for the build ID among an ELF file's notes.
static inline void dlc_find_build_id(const unsigned char *notes, size_t bytes, struct dlc_build_id *id) {
  ElfW(Nhdr) note;
  while (bytes >= sizeof note) {
    memcpy(&note, notes, sizeof note);
    size_t name = ((size_t)note.n_namesz + 3) / 4 * 4, value = ((size_t)note.n_descsz + 3) / 4 * 4;
    if (name > bytes - sizeof note || value > bytes - sizeof note - name)
      return;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && !memcmp(notes + sizeof note, "GNU", 4) &&
        note.n_descsz <= sizeof id->value) {
      id->bytes = note.n_descsz;
      memcpy(id->value, notes + sizeof note + name, note.n_descsz);
      return;
    }
    notes += sizeof note + name + value;
    bytes -= sizeof note + name + value;
  }
}

static inline struct dlc_build_id dlc_loaded_build_id(void *handle) {
  struct dlc_build_id id = {0, {0}};
  /* In glibc and musl the handle is the library's entry in the linker's map. */
  const struct link_map *map = (const struct link_map *)handle;
  const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)map->l_addr;
  if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG))
    return id;
  const ElfW(Phdr) *segments = (const ElfW(Phdr) *)(map->l_addr + header->e_phoff);
  for (size_t i = 0; i < header->e_phnum && !id.bytes; ++i)
    if (segments[i].p_type == PT_NOTE)
      dlc_find_build_id((const unsigned char *)(map->l_addr + segments[i].p_vaddr), segments[i].p_memsz, &id);
  return id;
}

static inline struct dlc_build_id dlc_file_build_id(const char *path) {
  struct dlc_build_id id = {0, {0}};
  unsigned char notes[1024];
  ElfW(Ehdr) header;
  ElfW(Phdr) segment;
  FILE *file = fopen(path, "rb");
  if (!file)
    return id;
  if (fread(&header, sizeof header, 1, file) == 1 && !memcmp(header.e_ident, ELFMAG, SELFMAG))
    for (size_t i = 0; i < header.e_phnum && !id.bytes; ++i) {
      long offset = (long)(header.e_phoff + i * sizeof segment);
      if (fseek(file, offset, SEEK_SET) || fread(&segment, sizeof segment, 1, file) != 1)
        break;
      if (segment.p_type == PT_NOTE && !fseek(file, (long)segment.p_offset, SEEK_SET)) {
        size_t bytes = segment.p_filesz < sizeof notes ? (size_t)segment.p_filesz : sizeof notes;
        dlc_find_build_id(notes, fread(notes, 1, bytes, file), &id);
      }
    }
  fclose(file);
  return id;
}

/// The ELF standard's number of the processor that this is compiled for;
/// EM_NONE if dlc does not compile for it.
static inline unsigned dlc_native_machine(void) {
#if defined(__x86_64__)
  return EM_X86_64;
#elif defined(__aarch64__)
  return EM_AARCH64;
#else
  return EM_NONE;
#endif
}

/// The name of a processor that dlc compiles for, by its number in the ELF
/// standard; null for others.
static inline const char *dlc_machine_name(unsigned machine) {
  return machine == EM_X86_64 ? "x86-64" : machine == EM_AARCH64 ? "AArch64" : NULL;
}

/// What keeps dlopen from loading a file, as far as its headers say: writes it
/// to `problem` and returns nonzero. dlopen itself is killed by SIGBUS in a library
/// that was truncated, and calls one for another processor missing. A file that
/// is truncated after this check cannot be caught, nor one that the dynamic
/// linker loads itself because a program is linked with it.
static inline int dlc_check_library_file(const char *path, char *problem, size_t size) {
  const unsigned here = dlc_native_machine();
  ElfW(Ehdr) header;
  ElfW(Phdr) segment;
  unsigned long long bytes = 0, needed = sizeof header;
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END)) {
    if (file)
      fclose(file);
    return 0; /* dlopen says why */
  }
  bytes = (unsigned long long)ftell(file);
  rewind(file);
  int is_elf = fread(&header, sizeof header, 1, file) == 1 && !memcmp(header.e_ident, ELFMAG, SELFMAG) &&
               header.e_ident[EI_CLASS] == (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) &&
               header.e_phentsize == sizeof segment;
  int is_foreign = is_elf && here != EM_NONE && header.e_machine != here;
  if (is_elf) {
    needed = header.e_phoff + (unsigned long long)header.e_phnum * sizeof segment;
    for (size_t i = 0; i < header.e_phnum && needed <= bytes; ++i) {
      if (fseek(file, (long)(header.e_phoff + i * sizeof segment), SEEK_SET) ||
          fread(&segment, sizeof segment, 1, file) != 1)
        break;
      unsigned long long end = (unsigned long long)segment.p_offset + segment.p_filesz;
      if (segment.p_type == PT_LOAD && end > needed)
        needed = end;
    }
  }
  fclose(file);
  if (is_foreign) {
    const char *architecture = dlc_machine_name(header.e_machine);
    snprintf(problem, size, "it is for another architecture (%s), and this machine is %s",
             architecture ? architecture : "unknown", dlc_machine_name(here));
  } else if (is_elf && needed > bytes)
    snprintf(problem, size, "the file is truncated: it has %llu bytes of %llu", bytes, needed);
  return is_foreign || (is_elf && needed > bytes);
}

/// dlopen of the current file; null if that fails, and dlerror says why
/// unless too many earlier versions of the file are open.
static inline void *dlc_load_file(const char *path) {
  /* Loaded libraries are identified by the paths as given, and then by
   * their files. Written with more slashes, a known path leads to the
   * file that is there now. One without a slash would be searched for where the
   * system's libraries are. */
  enum { most_spellings = 200 };
  const char *slash = strrchr(path, '/');
  size_t folder = slash ? (size_t)(slash - path) : 1, bytes = strlen(path) + most_spellings + 3;
  const char *name = slash ? slash + 1 : path;
  char *spelling = (char *)malloc(bytes);
  void *handle = NULL;
  for (size_t slashes = 1; spelling && !handle && slashes <= most_spellings; ++slashes) {
    memcpy(spelling, slash ? path : ".", folder);
    memset(spelling + folder, '/', slashes);
    strcpy(spelling + folder + slashes, name);
    handle = dlopen(spelling, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
      break;
    struct dlc_build_id loaded = dlc_loaded_build_id(handle), wanted = dlc_file_build_id(spelling);
    if (loaded.bytes && wanted.bytes && memcmp(&loaded, &wanted, sizeof loaded)) {
      dlclose(handle);
      handle = NULL;
    }
  }
  free(spelling);
  return handle;
}

#ifdef __cplusplus
}
#endif

#endif /* DLC_LIBRARY_FILE_H */
