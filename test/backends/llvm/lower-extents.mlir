// RUN: dlc-opt %s --dlc-lower-extents | FileCheck %s

// What two maps have in common is computed once; the block inside has its own copy.
// CHECK-LABEL: @shared
// CHECK-SAME: (%[[N:.*]]: index, %[[S:.*]]: index, %{{.*}}: i1)
// CHECK: %[[N64:.*]] = arith.index_cast %[[N]] : index to i64
// CHECK: %[[S64:.*]] = arith.index_cast %[[S]] : index to i64
// CHECK: %[[Q:.*]] = arith.divsi %[[S64]]
// CHECK: %[[HALF:.*]] = arith.subi %[[Q]]
// CHECK: %[[PRODUCT:.*]] = arith.muli %[[HALF]], %[[N64]]
// CHECK: %[[FIRST:.*]] = arith.index_cast %[[PRODUCT]] : i64 to index
// CHECK: call @use(%[[FIRST]])
// CHECK-NOT: arith.divsi
// CHECK: %[[SUM:.*]] = arith.addi %[[PRODUCT]], %[[HALF]]
// CHECK: %[[SECOND:.*]] = arith.index_cast %[[SUM]] : i64 to index
// CHECK: call @use(%[[SECOND]])
// CHECK: scf.if
// CHECK: arith.divsi
// CHECK-NOT: affine.apply
func.func private @use(index)
func.func @shared(%n: index, %s: index, %again: i1) {
  %0 = affine.apply affine_map<()[s0, s1] -> ((s1 floordiv 2) * s0)>()[%n, %s]
  call @use(%0) : (index) -> ()
  %1 = affine.apply affine_map<()[s0, s1] -> ((s1 floordiv 2) * s0 + s1 floordiv 2)>()[%n, %s]
  call @use(%1) : (index) -> ()
  scf.if %again {
    %2 = affine.apply affine_map<()[s0, s1] -> (s1 floordiv 2)>()[%n, %s]
    func.call @use(%2) : (index) -> ()
  }
  return
}

// Dimensions and symbols.
// CHECK-LABEL: @both
// CHECK-SAME: (%[[I:.*]]: index, %[[N:.*]]: index)
// CHECK: %[[I64:.*]] = arith.index_cast %[[I]]
// CHECK: %[[N64:.*]] = arith.index_cast %[[N]]
// CHECK: %[[P:.*]] = arith.muli %[[I64]], %[[N64]]
// CHECK: %[[R:.*]] = arith.index_cast %[[P]]
// CHECK: return %[[R]]
func.func @both(%i: index, %n: index) -> index {
  %0 = affine.apply affine_map<(d0)[s0] -> (d0 * s0)>(%i)[%n]
  return %0 : index
}
