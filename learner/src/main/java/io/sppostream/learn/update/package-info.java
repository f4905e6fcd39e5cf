/**
 * The algorithm of a step, as functions of weights and samples: losses, importance ratios, training order, updates.
 * Start with {@link io.sppostream.learn.update.PolicyUpdate} and {@link io.sppostream.learn.update.CriticUpdate}. The
 * whole algorithm stands in one method of {@code io.sppostream.run.inprocess.SynchronousSppo}.
 */
@NullMarked
package io.sppostream.learn.update;

import org.jspecify.annotations.NullMarked;
