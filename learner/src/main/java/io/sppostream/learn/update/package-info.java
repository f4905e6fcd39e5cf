/**
 * The algorithm of a step, as functions of weights and samples: losses, importance ratios, training order, updates. Start
 * with {@link io.sppostream.learn.update.PolicyUpdate} and {@link io.sppostream.learn.update.CriticUpdate}.
 */
@NullMarked
package io.sppostream.learn.update;

import org.jspecify.annotations.NullMarked;
