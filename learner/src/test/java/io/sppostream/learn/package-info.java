@NullMarked
package io.sppostream.learn;

import org.jspecify.annotations.NullMarked;
