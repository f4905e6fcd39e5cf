@NullMarked
package io.sppostream.distribution;

import org.jspecify.annotations.NullMarked;
