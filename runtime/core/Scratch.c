// SPDX-License-Identifier: Apache-2.0
#include "Scratch.h"

#include "Context.h"

/// Precedes every block and keeps the block itself aligned.
typedef struct BlockHeader {
  _Alignas(DLC_CACHE_LINE) dlc_uint64 previousBlock; // topBlock before this one
  dlc_uint64 heapBytes;                              // 0 if the block is on the stack
  dlc_uint64 isFreed;
} BlockHeader;

int dlcScratchGrow(struct dlc_scratch *scratch, dlc_uint64 bytes) {
  if (bytes < scratch->wanted)
    bytes = scratch->wanted;
  if (bytes <= scratch->capacity)
    return 0;
  const dlc_allocator *allocator = &scratch->context->allocator;
  dlc_byte *base = dlcAllocate(allocator, bytes);
  if (!base)
    return 1;
  dlcRelease(allocator, scratch->base, scratch->capacity);
  scratch->base = base;
  scratch->capacity = bytes;
  return 0;
}

void dlcScratchDestroy(struct dlc_scratch *scratch) {
  dlcRelease(&scratch->context->allocator, scratch->base, scratch->capacity);
  scratch->base = (dlc_byte *)0;
  scratch->capacity = 0;
}

void *halide_malloc(void *userContext, size_t bytes) {
  struct dlc_scratch *scratch = userContext;
  dlc_uint64 total;
  if (dlcAddOverflows(bytes, sizeof(BlockHeader) + DLC_CACHE_LINE - 1, &total))
    return (void *)0;
  total &= ~(dlc_uint64)(DLC_CACHE_LINE - 1);

  BlockHeader *header;
  if (total <= scratch->capacity - scratch->used) {
    header = (BlockHeader *)(scratch->base + scratch->used);
    header->previousBlock = scratch->topBlock;
    header->heapBytes = 0;
    scratch->topBlock = scratch->used + 1;
    scratch->used += total;
  } else {
    header = dlcAllocate(&scratch->context->allocator, total);
    if (!header)
      return (void *)0;
    header->heapBytes = total;
    scratch->heapBytes += total;
  }
  header->isFreed = 0;
  if (scratch->used + scratch->heapBytes > scratch->wanted)
    scratch->wanted = scratch->used + scratch->heapBytes;
  return header + 1;
}

void halide_free(void *userContext, void *memory) {
  struct dlc_scratch *scratch = userContext;
  if (!memory)
    return;
  BlockHeader *header = (BlockHeader *)memory - 1;
  if (header->heapBytes) {
    scratch->heapBytes -= header->heapBytes;
    dlcRelease(&scratch->context->allocator, header, header->heapBytes);
    return;
  }
  // Halide frees a block after its last use, which need not be in reverse order: a freed block below a living one
  // waits.
  header->isFreed = 1;
  while (scratch->topBlock) {
    BlockHeader *top = (BlockHeader *)(scratch->base + scratch->topBlock - 1);
    if (!top->isFreed)
      return;
    scratch->used = scratch->topBlock - 1;
    scratch->topBlock = top->previousBlock;
  }
}
