@NullMarked
package io.sppostream.observe;

import org.jspecify.annotations.NullMarked;
