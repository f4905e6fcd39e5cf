@NullMarked
package io.sppostream.kubernetes;

import org.jspecify.annotations.NullMarked;
