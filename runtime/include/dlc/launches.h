// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a library says of its launches (dlc_program.launches), for profiles. A part of dlc/profile.h.
#ifndef DLC_LAUNCHES_H
#define DLC_LAUNCHES_H

#include "dlc/library.h"

#ifdef __cplusplus
extern "C" {
#endif

/// A number that depends on the symbols of a kernel.
typedef struct dlc_formula {
  const char *text; /* in postfix notation, up to a tab or the end of the line; null if `value` is all */
  double value;     /* NaN if nobody knows */
} dlc_formula;

/// One launch. The strings are the profile's own.
typedef struct dlc_launch_info {
  const char *layer;  /* "conv1" */
  const char *kernel; /* "k1_conv1" */
  const char *kind;   /* "convolution", "contraction", ... */
  const char *type;   /* the element type that its rate is measured by: "f32" */
  /// Of the whole result: what the cost model counts, in slots of vector lanes (a product or a sum takes one), and
  /// bytes read and written, each tensor once.
  dlc_formula operations, bytes;
  dlc_formula extent; /* that ranges are cut of */
  /// What the cost model expects of the whole result on one core; NaN if the library does not say.
  dlc_formula nanoseconds;
  const char *schedules; /* one #dlc.schedule for each instruction set, separated by spaces; empty if there are none */
} dlc_launch_info;

/// The value of a formula for these values of the symbols.
static inline double dlc_evaluate_formula(const dlc_formula *formula, const dlc_uint64 *symbols, dlc_uint32 count) {
  if (!formula->text)
    return formula->value;
  double stack[64] = {0};
  unsigned depth = 2; /* two zeros below, so that a text that is not well-formed stays in the array */
  for (const char *next = formula->text; *next && *next != '\t' && *next != '\n'; ++next) {
    if (*next == ' ')
      continue;
    int is_symbol = *next == 's', is_negative = *next == '-';
    next += is_symbol || is_negative;
    if (*next >= '0' && *next <= '9') {
      double number = 0;
      for (; *next >= '0' && *next <= '9'; ++next)
        number = number * 10 + (*next - '0');
      --next;
      if (is_symbol)
        number = number < count ? (double)(dlc_int64)symbols[(dlc_uint32)number] : 0;
      if (depth == sizeof stack / sizeof *stack)
        return formula->value;
      stack[depth++] = is_negative ? -number : number;
      continue;
    }
    if (depth < 4)
      return formula->value;
    double right = stack[--depth], *left = &stack[depth - 1];
    if (*next == '+') {
      *left += right;
    } else if (*next == '*') {
      *left *= right;
    } else {
      dlc_int64 divisor = (dlc_int64)right, dividend = (dlc_int64)*left;
      dlc_int64 quotient = divisor > 0 ? dividend / divisor - (dividend % divisor < 0) : 0;
      dlc_int64 remainder = dividend - quotient * divisor;
      *left = (double)(*next == '/' ? quotient : *next == '%' ? remainder : quotient + (remainder > 0));
    }
  }
  return stack[depth - 1];
}

/// The formula at `text`; a plain number is evaluated at once.
static inline dlc_formula dlc_read_formula(const char *text) {
  dlc_formula formula = {text, 0};
  int is_known = text && *text && *text != '?' && *text != '\t' && *text != '\n', is_number = is_known;
  for (const char *next = text; is_known && *next && *next != '\t' && *next != '\n'; ++next)
    is_number &= *next >= '0' && *next <= '9';
  if (is_number)
    formula.value = strtod(text, NULL);
  else if (!is_known)
    formula.value = __builtin_nan("");
  if (is_number || !is_known)
    formula.text = NULL;
  return formula;
}

/// Ends the field at `*next` and moves to the one behind it; its first character, or "" at the end of the line.
static inline const char *dlc_next_field(char **next) {
  const char *field = *next;
  while (**next && **next != '\t')
    ++*next;
  if (**next)
    *(*next)++ = 0;
  return field;
}

/// The launches of `program`, `*count` of them, in one block of memory that free() releases; null if there are none
/// (`*count` is 0) or no memory (it is not).
static inline dlc_launch_info *dlc_read_launches(const dlc_program *program, dlc_uint32 *count) {
  const char *text = DLC_HAS(dlc_program, program, launches) ? program->launches : NULL;
  *count = 0;
  for (const char *next = text; next && *next; ++next)
    *count += *next == '\n';
  size_t length = *count ? strlen(text) + 1 : 0;
  dlc_launch_info *infos = length ? (dlc_launch_info *)malloc(*count * sizeof *infos + length) : NULL;
  if (!infos)
    return NULL;
  char *line = (char *)memcpy(infos + *count, text, length);
  for (dlc_uint32 i = 0; i < *count; ++i) {
    char *end = strchr(line, '\n'), *next = line;
    *end = 0;
    dlc_launch_info *info = &infos[i];
    info->layer = dlc_next_field(&next);
    info->kernel = dlc_next_field(&next);
    dlc_uint32 same = i;
    if (!*next) /* another line describes the kernel */
      for (same = 0; same < i && strcmp(infos[same].kernel, info->kernel);)
        ++same;
    if (same < i) {
      const char *layer = info->layer;
      *info = infos[same];
      info->layer = layer;
    } else {
      info->kind = dlc_next_field(&next);
      info->type = dlc_next_field(&next);
      info->operations = dlc_read_formula(dlc_next_field(&next));
      info->bytes = dlc_read_formula(dlc_next_field(&next));
      info->extent = dlc_read_formula(dlc_next_field(&next));
      info->nanoseconds = dlc_read_formula(dlc_next_field(&next));
      info->schedules = dlc_next_field(&next);
    }
    line = end + 1;
  }
  return infos;
}

#ifdef __cplusplus
}
#endif
#endif /* DLC_LAUNCHES_H */
