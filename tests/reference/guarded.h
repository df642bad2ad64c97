// Memory with a page that cannot be touched right before or right behind it: what reads or writes outside dies at once.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

namespace conv1d::kernels::testing {

class Guarded {
 public:
  enum class Edge { kFront, kBack };  // which end of the memory lies at a forbidden page

  /// With Edge::kBack the memory ends where the page begins; its alignment is then that of `bytes`.
  explicit Guarded(std::size_t bytes, Edge edge = Edge::kBack, unsigned char fill = 0xA5) {
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t inner = (bytes + page - 1) / page * page;
    mapped_ = inner + 2 * page;
    void* base = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) throw std::bad_alloc();
    base_ = static_cast<std::byte*>(base);
    if (inner > 0 && mprotect(base_ + page, inner, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    data_ = edge == Edge::kFront ? base_ + page : base_ + page + inner - bytes;
    if (bytes > 0) std::memset(data_, fill, bytes);
  }
  ~Guarded() {
    if (base_) munmap(base_, mapped_);
  }
  Guarded(Guarded&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), data_(other.data_), mapped_(other.mapped_) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  Guarded& operator=(Guarded&&) = delete;

  std::byte* data() const { return data_; }

 private:
  std::byte* base_ = nullptr;
  std::byte* data_ = nullptr;
  std::size_t mapped_ = 0;
};

}  // namespace conv1d::kernels::testing
