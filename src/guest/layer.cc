#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <vector>

#include <conv1d/guest.h>

#include "base/fork_locks.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "conv/hash.h"
#include "conv/kept.h"
#include "guest/pass.h"
#include "kernels/precision.h"

namespace conv1d::guest {
namespace {

/// Shapes that alternate (two halves of a model sharing a layer, a last shorter batch) are each readied once.
constexpr std::size_t kReadied = 2;
/// A weight is known by the hash of its bytes; a copy is packed for all steps of a pass.
using Copies = KeptCopies<std::uint64_t, std::vector<StepPacking>>;

std::array<std::atomic<std::uint64_t>, kKinds> served_passes{};

PassKey key_of(const Array& first, const Array& second, const Array* bias, std::int64_t extra) {
  PassKey key{.first_sizes = first.sizes,
              .first_strides = first.strides,
              .second_sizes = second.sizes,
              .second_strides = second.strides,
              .extra = extra,
              .dtype = first.dtype,
              .threads = get_num_threads(),
              .precision = kernels::current_precision()};
  if (bias) {
    key.bias_size = bias->sizes[2];
    key.bias_stride = bias->strides[2];
  }
  return key;
}

/// Scratch memory of a call: small amounts come from the stack.
class Scratch {
 public:
  explicit Scratch(std::size_t bytes)
      : large_(bytes <= sizeof small_ ? 0 : memory::scratch_size(bytes)), own_(bytes <= sizeof small_) {}
  void* data() { return own_ ? small_ : large_.data(); }

 private:
  alignas(memory::kAlignment) std::byte small_[8192];
  memory::Buffer large_;
  bool own_;
};

}  // namespace

struct Layer::Impl {
  Impl(const Settings& s, bool packs_at_first) : settings(s), packs(packs_at_first) {}

  const Settings settings;
  std::mutex& mutex = fork_locks::of(this);  // guards `readied`, not the computing
  std::array<std::array<std::shared_ptr<const Pass>, kReadied>, kKinds> readied;
  Copies copies;
  std::atomic<bool> packs;

  std::shared_ptr<const Pass> ready(Kind kind, const PassKey& key);
  Copies::CopyPointer packed(const Pass& pass, const void* weight);
  void put_first(const std::shared_ptr<const Pass>& pass);
};

void Layer::Impl::put_first(const std::shared_ptr<const Pass>& pass) {
  auto& slots = readied[static_cast<std::size_t>(pass->kind)];
  // Over one with the same key, if there is one, else over the oldest.
  const auto same = std::find_if(slots.begin(), slots.end(), [&](const auto& p) { return p && p->key == pass->key; });
  const auto last = same == slots.end() ? slots.end() - 1 : same;
  std::move_backward(slots.begin(), last, last + 1);
  slots.front() = pass;
}

std::shared_ptr<const Pass> Layer::Impl::ready(Kind kind, const PassKey& key) {
  {
    const std::lock_guard lock(mutex);
    auto& slots = readied[static_cast<std::size_t>(kind)];
    for (auto& slot : slots) {
      // There may be room now for what was refused.
      if (slot && slot->key == key && (!slot->refused_at || *slot->refused_at == kept_memory_epoch())) return slot;
    }
  }
  std::shared_ptr<const Pass> pass = make_pass(settings, kind, key, true);
  if (!pass) return nullptr;
  const std::lock_guard lock(mutex);
  put_first(pass);
  return pass;
}

Copies::CopyPointer Layer::Impl::packed(const Pass& pass, const void* weight) {
  return copies.get(
      hash_bytes(static_cast<const std::byte*>(weight), pass.weight_bytes), pass.packings,
      [&] {
        return KeptRequest{
            .bytes = pass.packed_bytes, .weight_bytes = pass.weight_bytes, .seconds = pass.saved_seconds};
      },
      [&](std::byte* to) { return pack_hashed(pass.steps, weight, pass.weight_bytes, to); });
}

Layer::Layer(const Settings& settings, bool packs_at_first) : impl_(std::make_unique<Impl>(settings, packs_at_first)) {}
Layer::~Layer() = default;

const Settings& Layer::settings() const { return impl_->settings; }

std::shared_ptr<const Pass> Layer::forward(const Array& x, const Array& weight, const Array* bias) {
  if (x.dtype != weight.dtype || (bias && bias->dtype != x.dtype)) return nullptr;
  return impl_->ready(Kind::kForward, key_of(x, weight, bias, 0));
}

std::shared_ptr<const Pass> Layer::input_grad(const Array& grad, const Array& weight, std::int64_t in_length) {
  if (grad.dtype != weight.dtype) return nullptr;
  return impl_->ready(Kind::kInputGrad, key_of(grad, weight, nullptr, in_length));
}

std::shared_ptr<const Pass> Layer::weight_grad(const Array& grad, const Array& x, std::int64_t kernel) {
  if (grad.dtype != x.dtype) return nullptr;
  const bool swapped = impl_->settings.transposed;
  return impl_->ready(Kind::kWeightGrad, key_of(swapped ? grad : x, swapped ? x : grad, nullptr, kernel));
}

void Layer::run(const Pass& pass, const Pointers& pointers) {
  // A weight's gradient reads x shifted, with the output's gradient in the weight's place; a transposed layer's the
  // other way round.
  const bool as_asked = pass.kind != Kind::kWeightGrad || impl_->settings.transposed;
  const void* input = as_asked ? pointers.first : pointers.second;
  const void* weight = as_asked ? pointers.second : pointers.first;
  Copies::CopyPointer packed;
  if (pass.packed_bytes != 0 && !impl_->packs.exchange(true, std::memory_order_relaxed)) {
    return run(*make_pass(impl_->settings, pass.kind, pass.key, false), pointers);
  }
  if (pass.packed_bytes != 0) {
    const std::uint64_t epoch = kept_memory_epoch();
    packed = impl_->packed(pass, weight);
    if (!packed) {
      // No more may be kept: until memory is given back somewhere, this shape is served without.
      const std::shared_ptr<Pass> other = make_pass(impl_->settings, pass.kind, pass.key, false);
      other->refused_at = epoch;
      {
        const std::lock_guard lock(impl_->mutex);
        impl_->put_first(other);
      }
      return run(*other, pointers);
    }
  }
  served_passes[static_cast<std::size_t>(pass.kind)].fetch_add(1, std::memory_order_relaxed);
  if (pass.zero_first) std::memset(pointers.output, 0, pass.output_bytes);
  Scratch scratch(pass.scratch_bytes);
  run_steps(pass.steps, {.input = input, .weight = weight, .bias = pointers.bias, .output = pointers.output},
            packed ? packed->data() : nullptr, scratch.data());
}

std::size_t Layer::kept_bytes() const { return impl_->copies.bytes(); }

void Layer::clear() {
  impl_->copies.clear();
  const std::lock_guard lock(impl_->mutex);
  impl_->readied = {};
}

Served served() {
  return {.forward = served_passes[0].load(),
          .input_grad = served_passes[1].load(),
          .weight_grad = served_passes[2].load()};
}

}  // namespace conv1d::guest
