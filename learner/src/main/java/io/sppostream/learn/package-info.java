/** Training: turns samples into policy and critic weights, one committed step at a time. */
@NullMarked
package io.sppostream.learn;

import org.jspecify.annotations.NullMarked;
