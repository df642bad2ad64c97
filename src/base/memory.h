// Memory for tensors and scratch: 64-byte aligned, and kept for a while after it was given back.
#pragma once

#include <cstddef>
#include <utility>

namespace conv1d::memory {

inline constexpr std::size_t kAlignment = 64;            ///< a cache line, and the widest vector
inline constexpr std::size_t kMaxKeptBytes = 64u << 20;  ///< kept for each thread, unless two blocks alone exceed it
inline constexpr std::size_t kMaxKeptBlocks = 32;
inline constexpr std::size_t kHugePage = 2u << 20;  ///< where the system has them

/// What allocate() returns; goes back as it came.
struct Block {
  std::byte* data = nullptr;
  std::size_t capacity = 0;  ///< bytes, at least those asked for
};

/// At least `bytes` bytes, aligned, uninitialised; an empty block for zero bytes. RuntimeError with the text of
/// PyTorch's allocator where the machine (or the control group that the process lives in) does not have them: asking
/// the system alone is not enough, since Linux promises more than it has and kills who uses it.
Block allocate(std::size_t bytes);

/// Gives a block back, on any thread, at any time up to the end of the process.
void release(Block block) noexcept;

/// Returns the calling thread's kept blocks to the system.
void empty_cache() noexcept;

/// What the calling thread keeps at the moment.
std::size_t kept_bytes() noexcept;
std::size_t kept_blocks() noexcept;

/// Whether released blocks are kept at all: not under sanitizers, which are to see every use of freed memory.
bool keeps_blocks() noexcept;

/// What scratch memory of `bytes` bytes should ask for: from some size on a huge page, whose lines do not collide in
/// the second cache. It is kept and used again, so the surplus is paid once a thread.
constexpr std::size_t scratch_size(std::size_t bytes) {
  constexpr std::size_t kWorthwhile = 128u << 10;
  return bytes >= kWorthwhile && bytes < kHugePage ? kHugePage : bytes;
}

/// A block that is given back at the end of its scope.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t bytes) : block_(allocate(bytes)) {}
  Buffer(Buffer&& other) noexcept : block_(std::exchange(other.block_, {})) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Buffer() { release(block_); }

  std::byte* data() const { return block_.data; }
  template <class T> T* as() const { return reinterpret_cast<T*>(block_.data); }

 private:
  Block block_;
};

}  // namespace conv1d::memory
