// SPDX-License-Identifier: Apache-2.0
/// \file
/// What kernels need of the GPU, in freestanding C++ for clang's target nvptx64: without headers or libraries of CUDA.
#ifndef DLC_BACKENDS_CUDA_KERNELS_DEVICE_H
#define DLC_BACKENDS_CUDA_KERNELS_DEVICE_H

#define DLC_SHARED __attribute__((address_space(3)))
#define DLC_INLINE static inline __attribute__((always_inline))

typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef float Float2 __attribute__((ext_vector_type(2)));
typedef float Float4 __attribute__((ext_vector_type(4)));
typedef u32 Words4 __attribute__((ext_vector_type(4)));

/// Elements of 16 bits as they are stored: IEEE's binary16, and the upper half of an f32.
struct Half {
  u16 bits;
};
struct BFloat {
  u16 bits;
};
DLC_INLINE float toFloat(float x) { return x; }
DLC_INLINE float toFloat(Half x) {
  float result;
  asm("cvt.f32.f16 %0, %1;" : "=f"(result) : "h"(x.bits));
  return result;
}
DLC_INLINE float toFloat(BFloat x) { return __builtin_bit_cast(float, static_cast<u32>(x.bits) << 16); }

DLC_INLINE int getThread() { return __nvvm_read_ptx_sreg_tid_x(); }
DLC_INLINE int getBlock() { return __nvvm_read_ptx_sreg_ctaid_x(); }
DLC_INLINE void waitForBlock() { __nvvm_bar_sync(0); }

/// The memory that a block is launched with.
extern "C" DLC_SHARED __attribute__((aligned(128))) char dlcShared[];

DLC_INLINE u32 addressOf(const DLC_SHARED void *memory) { return static_cast<u32>(reinterpret_cast<u64>(memory)); }

/// Copies 4 or 16 bytes to shared memory, asynchronously (sm_80); without a source, stores zeros.
template <int Bytes> DLC_INLINE void copyAsync(DLC_SHARED void *to, const void *from) {
  u32 address = addressOf(to);
  if constexpr (Bytes == 16)
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(address), "l"(from), "r"(from ? 16 : 0)
                 : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(address), "l"(from), "r"(from ? 4 : 0)
                 : "memory");
}
DLC_INLINE void commitCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
/// Waits until all but the last `Groups` groups of copies of this thread have arrived.
template <int Groups> DLC_INLINE void waitForCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(Groups) : "memory");
}

/// sum += left right, of 16 x 8 and 8 x 8 numbers of 19 bits (sm_80).
DLC_INLINE void multiplyTf32(float (&sum)[4], const u32 (&left)[4], const u32 (&right)[2]) {
  asm volatile(
      "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
      : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right[0]), "r"(right[1]));
}

/// x = high + low but for 2^-22 of x; both have 19 bits. The high part is cut off, not rounded, so that it is finite
/// where x is.
DLC_INLINE void splitTf32(float x, u32 &high, u32 &low) {
  high = __builtin_bit_cast(u32, x) & 0xffffe000u;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(low) : "f"(x - __builtin_bit_cast(float, high)));
}

/// Reads four matrices of 8 x 8 elements of 16 bits; each thread gives the address of a row of 16 bytes, threads 8 m to
/// 8 m + 7 those of matrix m. A thread gets two neighbours of row `thread / 4`, or with `IsTransposed` of the column.
template <bool IsTransposed> DLC_INLINE void loadMatrices(u32 (&to)[4], const DLC_SHARED void *row) {
  if constexpr (IsTransposed)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(addressOf(row))
                 : "memory");
  else
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];"
                 : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3])
                 : "r"(addressOf(row))
                 : "memory");
}

#endif // DLC_BACKENDS_CUDA_KERNELS_DEVICE_H
