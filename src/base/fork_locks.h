// Mutexes that a fork leaves free: it waits for whoever holds one. So no child finds a lock that belongs to a thread which
// it does not have, or half-changed state behind it. For what is locked in calls of layers; a child of fork() computes
// whatever its parent's other threads were doing.
#pragma once

#include <mutex>

namespace conv1d::fork_locks {

/// For what belongs to one object: objects share them, by their addresses. Nothing else is locked while one is held.
std::mutex& of(const void* object);

/// For what belongs to all objects together. One of the above may be locked while it is held, not the other way round.
std::mutex& of_all();

}  // namespace conv1d::fork_locks
