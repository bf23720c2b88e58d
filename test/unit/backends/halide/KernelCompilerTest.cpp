// SPDX-License-Identifier: Apache-2.0
// Kernels are compiled once, the same bytes each time, and found again unless their file is damaged.
#include "backends/halide/KernelCompiler.h"
#include "backends/cpu/CpuBackend.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "gtest/gtest.h"

namespace {

constexpr char reluText[] = R"(
dlc.kernel_func @relu kind(elementwise) attributes {schedules = [
    #dlc.schedule<algorithm = "rows", isa = "x86-64-v3", vector = 8>, #dlc.schedule<algorithm = "rows", isa = "aarch64", vector = 4>]} {
^bb0(%x: tensor<100xf32>):
  %y = dlc.relu %x : tensor<100xf32> -> tensor<100xf32>
  dlc.yield %y : tensor<100xf32>
}
)";

class KernelCompilerTest : public testing::Test {
protected:
  KernelCompilerTest() : context(mlir::MLIRContext::Threading::DISABLED) {
    mlir::DialectRegistry registry;
    dlc::registerCpuBackend(registry);
    context.appendDialectRegistry(registry);
    context.loadDialect<dlc::DlcDialect>();
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("dlc-kernels", folder));
    options.cacheDirectory = std::string(folder);
  }
  ~KernelCompilerTest() override { (void)llvm::sys::fs::remove_directories(folder); }

  mlir::FailureOr<std::vector<dlc::halide::CompiledKernel>> compile(llvm::StringRef text) {
    module = mlir::parseSourceString<mlir::ModuleOp>(text, mlir::ParserConfig(&context));
    return dlc::halide::compileKernels(dlc::halide::collectVariants(*module), options);
  }
  std::vector<std::string> listEntries() {
    std::vector<std::string> paths;
    std::error_code error;
    for (llvm::sys::fs::directory_iterator at(folder, error), end; at != end && !error; at.increment(error))
      paths.push_back(at->path());
    return paths;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  llvm::SmallString<128> folder;
  dlc::halide::CompileOptions options;
};

TEST_F(KernelCompilerTest, sameBytesWithAndWithoutCacheAndJobs) {
  auto first = compile(reluText);
  ASSERT_TRUE(mlir::succeeded(first));
  ASSERT_EQ(first->size(), 2u);
  EXPECT_EQ(listEntries().size(), 2u);
  auto cached = compile(reluText);
  options.cacheDirectory.clear();
  options.jobs = 4;
  auto fresh = compile(reluText);
  ASSERT_TRUE(mlir::succeeded(cached) && mlir::succeeded(fresh));
  for (size_t i = 0; i < first->size(); ++i) {
    EXPECT_EQ((*first)[i].bitcode, (*cached)[i].bitcode);
    EXPECT_EQ((*first)[i].bitcode, (*fresh)[i].bitcode);
  }
}

TEST_F(KernelCompilerTest, damagedEntriesAreCompiledAgain) {
  auto first = compile(reluText);
  ASSERT_TRUE(mlir::succeeded(first));
  for (const std::string &path : listEntries()) {
    std::error_code error;
    llvm::raw_fd_ostream file(path, error, llvm::sys::fs::OF_Append);
    file << "more";
  }
  auto second = compile(reluText);
  ASSERT_TRUE(mlir::succeeded(second));
  EXPECT_EQ((*first)[0].bitcode, (*second)[0].bitcode);
}

TEST_F(KernelCompilerTest, objectsReplaceBitcodeAndAreCachedForTheirKey) {
  auto bitcode = compile(reluText);
  options.emitObject = [](llvm::StringRef bitcode) -> llvm::Expected<std::string> {
    return "object of " + std::to_string(bitcode.size());
  };
  options.objectKey = "one";
  auto objects = compile(reluText);
  options.emitObject = [](llvm::StringRef bitcode) -> llvm::Expected<std::string> { return "another"; };
  auto cached = compile(reluText);
  options.objectKey = "two";
  auto others = compile(reluText);
  ASSERT_TRUE(mlir::succeeded(bitcode) && mlir::succeeded(objects) && mlir::succeeded(cached) &&
              mlir::succeeded(others));
  for (size_t i = 0; i < bitcode->size(); ++i) {
    EXPECT_EQ((*objects)[i].object, "object of " + std::to_string((*bitcode)[i].bitcode.size()));
    EXPECT_EQ((*objects)[i].bitcode, "");
    EXPECT_EQ((*cached)[i].object, (*objects)[i].object);
    EXPECT_EQ((*others)[i].object, "another");
  }
}

TEST_F(KernelCompilerTest, kernelsThatNeedTheRuntimeStayBitcode) {
  options.emitObject = [](llvm::StringRef) -> llvm::Expected<std::string> { return std::string(); };
  auto kernels = compile(reluText);
  ASSERT_TRUE(mlir::succeeded(kernels));
  EXPECT_EQ((*kernels)[0].object, "");
  EXPECT_NE((*kernels)[0].bitcode, "");
}

TEST_F(KernelCompilerTest, failuresToEmitAreReportedAtTheKernel) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    message += diagnostic.str();
    return mlir::success();
  });
  options.emitObject = [](llvm::StringRef) -> llvm::Expected<std::string> {
    return llvm::createStringError("no room");
  };
  EXPECT_TRUE(mlir::failed(compile(reluText)));
  EXPECT_NE(message.find("kernel 'relu' cannot be compiled for x86-64-v3: no room"), std::string::npos) << message;
}

TEST_F(KernelCompilerTest, unusableFolderIsNoError) {
  options.cacheDirectory = "/dev/null/kernels";
  EXPECT_TRUE(mlir::succeeded(compile(reluText)));
}

TEST_F(KernelCompilerTest, unknownInstructionSetIsReportedAtTheKernel) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    message += diagnostic.str();
    return mlir::success();
  });
  std::string text = reluText;
  text.replace(text.find("x86-64-v3"), 9, "z80");
  EXPECT_TRUE(mlir::failed(compile(text)));
  EXPECT_NE(message.find("kernel 'relu' cannot be compiled for z80"), std::string::npos) << message;
}

TEST_F(KernelCompilerTest, lateKernelsAreStopped) {
  std::string message;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    message += diagnostic.str();
    return mlir::success();
  });
  options.timeoutSeconds = 0;
  EXPECT_TRUE(mlir::failed(compile(reluText)));
  EXPECT_NE(message.find("took more than 0 seconds"), std::string::npos) << message;
}

} // namespace
