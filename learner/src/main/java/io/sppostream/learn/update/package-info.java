/** The algorithm of a step: losses, ratios, the order of samples, updates. {@link io.sppostream.learn.update.PolicyUpdate} is the entry. */
@NullMarked
package io.sppostream.learn.update;

import org.jspecify.annotations.NullMarked;
