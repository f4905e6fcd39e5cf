@NullMarked
package io.sppostream.rollout;

import org.jspecify.annotations.NullMarked;
